import Configuration
import NeuralNet
import Testing
import WeightExchange

/// The names of an encoder's tensors in the layouts of other programs, for every encoder.
struct LayoutNameTests {
  /// The number of blocks in each group, and true for blocks of three convolutions.
  private static let encoders: [String: (counts: [Int], hasBottlenecks: Bool)] = [
    "resnet20": ([3, 3, 3], false), "resnet32": ([5, 5, 5], false), "resnet44": ([7, 7, 7], false),
    "resnet56": ([9, 9, 9], false), "resnet110": ([18, 18, 18], false), "resnet1202": ([200, 200, 200], false),
    "resnet18": ([2, 2, 2, 2], false), "resnet34": ([3, 4, 6, 3], false), "resnet50": ([3, 4, 6, 3], true),
    "resnet101": ([3, 4, 23, 3], true), "resnet152": ([3, 8, 36, 3], true), "resnet200": ([3, 24, 36, 3], true),
  ]

  /// The names of an encoder's tensors in PyTorch, where `shortcut` names a projection.
  private static func names(_ encoder: String, shortcut: String?) throws -> Set<String> {
    let (counts, hasBottlenecks) = try #require(encoders[encoder])
    func normalization(_ name: String) -> [String] {
      ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map { kind in "\(name).\(kind)" }
    }
    var names = ["conv1.weight"] + normalization("bn1")
    for (group, count) in counts.enumerated() {
      for block in 0..<count {
        let name = "layer\(group + 1).\(block)"
        for place in 1...(hasBottlenecks ? 3 : 2) {
          names += ["\(name).conv\(place).weight"] + normalization("\(name).bn\(place)")
        }
        if let shortcut, block == 0, group > 0 || hasBottlenecks {
          names += ["\(name).\(shortcut).0.weight"] + normalization("\(name).\(shortcut).1")
        }
      }
    }
    return Set(names)
  }

  @Test(arguments: encoders.keys.sorted())
  func `every encoder has the names of PyTorch's models`(name: String) throws {
    var configuration = TrainingCommand.pretrain.defaults
    configuration.model.encoder = try #require(ResNetArchitecture(name: name))
    let isSmall = Self.encoders[name]?.counts.count == 3
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
      var expected = try Self.names(
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
