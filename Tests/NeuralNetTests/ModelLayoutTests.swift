import NeuralNet
import OneDNN
import Testing

/// The layout that follows from the architectures alone, against the one that a compiled network registers.
@Suite struct ModelLayoutTests {
  /// Every encoder with every shortcut that it offers.
  static let encoders: [ResNetArchitecture] = ResNetArchitecture.names.flatMap { name in
    guard let encoder = ResNetArchitecture(name: name) else { return [ResNetArchitecture]() }
    return ResNetArchitecture.Shortcut.allCases.compactMap { shortcut in encoder.joined(by: shortcut) }
  }

  private func compiledLayout(
    _ encoder: ResNetArchitecture, head: ProjectionHeadArchitecture?, classifierWidth: Int? = nil,
    mode: NetworkMode = .inference
  ) throws -> ModelLayout {
    useOneThreadPerPrimitive()
    let context = try NetworkContext(Engine(), mode: mode, precision: .float32)
    let width = try ResNet(context, encoder, views: 1, height: 32, width: 32).representationWidth
    if let head {
      _ = ProjectionHead(context, head, inputWidth: width)
    }
    if let classifierWidth {
      _ = LinearLayer(context, "fc", inputWidth: width, outputWidth: classifierWidth)
    }
    return context.layout
  }

  @Test func `all encoders are covered, the CIFAR ones with both shortcuts`() {
    #expect(Set(Self.encoders.map(\.name)).count == 14)
    #expect(Self.encoders.count == 22)
  }

  @Test(arguments: encoders, ResNetArchitecture.Stem.allCases)
  func `the pure layout of an encoder is that of the compiled network`(
    encoder: ResNetArchitecture, stem: ResNetArchitecture.Stem
  ) throws {
    var encoder = encoder
    encoder.stem = stem
    encoder.zeroInitializesLastScale = stem == .imagenet
    let compiled = try compiledLayout(encoder, head: nil)
    #expect(ModelLayout(encoder) == compiled, "\(encoder.name) with shortcut \(encoder.shortcut)")
    // The smallest is ResNet-8: 432 + 4,608 + 13,824 + 55,296 weights and 480 of batch normalization.
    #expect(compiled.parameters.count >= 74_640)
  }

  @Test(arguments: [[], [128], [64, 128], [64, 32, 128]], [false, true])
  func `head and classifier follow the encoder as in the compiled network`(
    widths: [Int], isNormalized: Bool
  ) throws {
    let encoder = try #require(ResNetArchitecture(name: "resnet20"))
    let head = ProjectionHeadArchitecture(widths, hasBatchNormalization: isNormalized)
    let compiled = try compiledLayout(encoder, head: head, classifierWidth: 10, mode: .training)
    var layout = ModelLayout(encoder, head: head)
    layout.parameters.addLinear("fc", inputWidth: encoder.representationWidth, outputWidth: 10)
    #expect(layout == compiled)
    #expect(layout.parameters.slices.last?.name == "fc.bias")
  }

  @Test func `wider encoders have the layout of the compiled network`() throws {
    let encoder = try #require(ResNetArchitecture(name: "resnet20")?.widened(by: 2))
    #expect(try ModelLayout(encoder) == compiledLayout(encoder, head: nil))
  }
}
