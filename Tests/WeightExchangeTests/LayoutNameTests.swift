import Configuration
import NeuralNet
import TestSupport
import Testing
import WeightExchange

/// The names of an encoder's tensors in the layouts of other programs, for every encoder.
struct LayoutNameTests {
  @Test(arguments: PyTorchNames.encoders.keys.sorted())
  func `every encoder has the names of PyTorch's models`(name: String) throws {
    var configuration = TrainingCommand.pretrain.defaults
    configuration.model.encoder = try #require(ResNetArchitecture(name: name))
    let isSmall = PyTorchNames.encoders[name]?.counts.count == 3
    if isSmall {
      configuration.model.normalizeEncoder = true
      configuration.head.embeddingWidth = 64
    }
    let layout = try configuration.modelLayout
    let slices = (layout.parameters.slices + layout.statistics.slices).map(\.name)
    for exchange in isSmall ? [WeightLayout.ge] : [.torchvision, .supcontrast] {
      #expect(exchange.problem(configuration.architecture) == nil)
      let part = exchange.usualPart
      if part == .model {
        #expect(exchange.headProblem(configuration) == nil)
      }
      let written = slices.filter { slice in WeightLayout.isSlice(slice, of: part) }
        .map { slice in exchange.name(of: slice, part) }
      let counters = written.compactMap { name in WeightLayout.counter(besides: name) }
      var expected = PyTorchNames.names(
        name, shortcut: isSmall ? nil : exchange == .torchvision ? "downsample" : "shortcut")
      switch exchange {
      case .torchvision: break
      case .supcontrast:
        expected = Set(expected.map { name in "encoder.\(name)" })
        expected.formUnion(["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"])
      case .ge:
        expected.formUnion(
          ["hidden", "output"].flatMap { place in
            ["contrastive_\(place)_layer.weight", "contrastive_\(place)_layer.bias"]
          })
      }
      #expect(Set(written + counters) == expected, "\(exchange)")
      #expect(written.count + counters.count == expected.count, "no name twice")
    }
    #expect(WeightLayout.usual(for: configuration.architecture) == (isSmall ? .ge : .torchvision))
  }
}
