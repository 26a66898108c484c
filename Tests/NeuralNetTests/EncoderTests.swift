import NeuralNet
import OneDNN
import Testing

/// Every encoder with an MLP head: one forward and backward pass and an evaluation against PyTorch.
@Suite struct EncoderTests {
  private struct Fixture: Decodable {
    let depth: Int
    let stem: String
    let isProjected: Bool
    let multiplier: Double
    let height: Int
    let width: Int
    let viewsNumber: Int
    let parameterCount: Int
    let loss: Double
    let embeddings: Reference
    let evaluation: Reference
    let gradients: [String: Reference]

    func views() -> [Float] {
      NetworkSubject.views(step: 0, number: viewsNumber, count: EncoderTests.views, height: height, width: width)
    }

    func architecture() throws -> ResNetArchitecture {
      var architecture = try #require(ResNetArchitecture(name: "resnet\(depth)")?.widened(by: multiplier))
      if isProjected {
        architecture = try #require(architecture.joined(by: .projected))
      }
      architecture.stem = try #require(ResNetArchitecture.Stem(rawValue: stem))
      return architecture
    }
  }

  static let names = [
    "resnet32", "resnet44", "resnet56", "resnet110", "resnet20-B", "resnet20-odd", "resnet34", "resnet50", "resnet101",
    "resnet152", "resnet200", "resnet50-imagenet", "resnet18-imagenet-odd",
  ]
  private static let views = 8
  private static let labels = (0..<views).map { view in view / 2 % 3 }

  // Forward, even two hundred normalized layers add only some units of 2⁻²⁴ ≈ 6·10⁻⁸ each. Backward, the early layers'
  // gradients are differences of larger numbers, and of millions of ReLUs one or two may lie so near their kinks that
  // rounding switches them: in ResNet-200 they change two slices by 4·10⁻³. A wrong factor of 1.01 misses by 2·10⁻².
  @Test(arguments: names)
  func `a pass matches PyTorch`(name: String) throws {
    let expected: Fixture = try fixture("encoder-\(name)")
    let architecture = try expected.architecture()
    let views = expected.views()
    let network = try NetworkSubject(
      mode: .training, views: Self.views, architecture, height: expected.height, width: expected.width)
    let encoderSlices = network.context.parameters.slices.filter { slice in slice.name.hasPrefix("encoder.") }
    #expect(encoderSlices.reduce(0) { sum, slice in sum + slice.range.count } == expected.parameterCount)

    let parameters = network.fixtureParameters()
    let embeddings = try network.forward(views, parameters)
    #expect(expected.embeddings.error(of: embeddings) < 1e-5)
    let loss = supervisedContrastiveLoss(embeddings, labels: Self.labels, width: 128, temperature: 0.1)
    #expect(abs(loss.value - expected.loss) < 1e-5 * expected.loss)
    let gradient = try network.backward(embeddingGradient: loss.gradient, parameters)
    expectMatch(
      gradient, network.context.parameters, expected.gradients, within: expected.depth == 200 ? 1e-2 : 1e-3, "gradient")

    let moments = network.batchStatistics()
    let statistics = zip(network.context.statistics.initialValues(seed: 0), moments).map { statistic, moment in
      0.9 * statistic + 0.1 * moment
    }
    let evaluated = try NetworkSubject(
      mode: .inference, views: Self.views, architecture, height: expected.height, width: expected.width)
    let representations = try evaluated.representations(of: views, parameters, statistics: statistics)
    #expect(expected.evaluation.error(of: representations) < 1e-5)
  }

  // bfloat16 has 8 significant bits, of which a deep network loses some: embeddings keep their direction.
  @Test(.enabled(if: InstructionSet.hasBfloat16, "this CPU has no bfloat16 convolutions"), arguments: names)
  func `an encoder runs in bfloat16`(name: String) throws {
    let expected: Fixture = try fixture("encoder-\(name)")
    let architecture = try expected.architecture()
    let views = expected.views()
    let network = try NetworkSubject(
      mode: .training, views: Self.views, architecture, height: expected.height, width: expected.width,
      precision: .bfloat16)
    let parameters = network.fixtureParameters()
    let embeddings = try network.forward(views, parameters)
    let loss = supervisedContrastiveLoss(embeddings, labels: Self.labels, width: 128, temperature: 0.1)
    #expect(abs(loss.value - expected.loss) < 0.01 * expected.loss, "\(loss.value) for \(expected.loss)")
    let gradient = try network.backward(embeddingGradient: loss.gradient, parameters)
    #expect(gradient.allSatisfy { value in value.isFinite })
  }

  // One view's 12.9 million numbers: the views, the outputs of each convolution and of every second block except the
  // second, 256 × 56 × 56, which is recomputed. Nothing else is kept for the backward pass; the rest is scratch memory.
  @Test func `the activations of ResNet-50 are those of convolutions and blocks`() throws {
    var architecture = try #require(ResNetArchitecture(name: "resnet50"))
    architecture.stem = .imagenet
    let network = try NetworkSubject(mode: .training, views: 2, architecture, height: 224, width: 224)
    #expect(network.saved.byteCount == 2 * 12_870_144 * 4)
    let parameters = network.fixtureParameters()
    let embeddings = try network.forward(
      NetworkSubject.views(step: 0, count: 2, height: 224, width: 224), parameters)
    let gradient = try network.backward(embeddingGradient: embeddings.reversed(), parameters)
    #expect(gradient.allSatisfy { value in value.isFinite })
  }

  // The gradient comes back to the pooling on two paths, through the first block and past it.
  @Test func `the ImageNet stem's gradient matches finite differences`() throws {
    var architecture = try #require(ResNetArchitecture(name: "resnet18"))
    architecture.stem = .imagenet
    let network = try NetworkSubject(mode: .training, views: 8, architecture, height: 48, width: 40)
    try expectGradientMatchesFiniteDifferences(
      network, views: NetworkSubject.views(step: 0, count: 8, height: 48, width: 40), rows: 8)
  }
}

// MARK: - What an architecture is

@Suite struct ArchitectureTests {
  /// The parameters of an encoder without head.
  private func layout(_ architecture: ResNetArchitecture) throws -> VectorLayout {
    useOneThreadPerPrimitive()
    let context = try NetworkContext(Engine(), mode: .inference, precision: .float32)
    _ = try ResNet(context, architecture, views: 1, height: 16, width: 16)
    return context.parameters
  }

  // torchvision's models without `fc`; its ResNet-200 does not exist. With the 3×3 stem 64·3·(49 − 9) = 7,680 fewer.
  @Test(
    arguments: zip(
      [18, 34, 50, 101, 152], [11_176_512, 21_284_672, 23_508_032, 42_500_160, 58_143_808]))
  func parameterCountsAreTorchvisions(depth: Int, count: Int) throws {
    var architecture = try #require(ResNetArchitecture(name: "resnet\(depth)"))
    #expect(try layout(architecture).count == count - 7_680)
    architecture.stem = .imagenet
    #expect(try layout(architecture).count == count)
    #expect(architecture.representationWidth == (depth < 50 ? 512 : 2048))
  }

  @Test func `names are those of SupContrast`() throws {
    var architecture = try #require(ResNetArchitecture(name: "resnet50"))
    architecture.stem = .imagenet
    let layout = try layout(architecture)
    #expect(
      layout.slices.prefix(15).map(\.name) == [
        "encoder.conv1.weight", "encoder.bn1.weight", "encoder.bn1.bias",
        "encoder.layer1.0.conv1.weight", "encoder.layer1.0.bn1.weight", "encoder.layer1.0.bn1.bias",
        "encoder.layer1.0.conv2.weight", "encoder.layer1.0.bn2.weight", "encoder.layer1.0.bn2.bias",
        "encoder.layer1.0.conv3.weight", "encoder.layer1.0.bn3.weight", "encoder.layer1.0.bn3.bias",
        "encoder.layer1.0.shortcut.0.weight", "encoder.layer1.0.shortcut.1.weight", "encoder.layer1.0.shortcut.1.bias",
      ])
    #expect(layout.slices[0].shape == [64, 3, 7, 7])
    #expect(layout.slices[12].shape == [256, 64, 1, 1])
    #expect(layout.slices.filter { slice in slice.name.contains("shortcut.0") }.count == 4)
  }

  @Test(arguments: [("resnet20", 1, "bn2"), ("resnet50", 0.25, "bn3")])
  func `blocks with a zero scale start as their shortcut`(name: String, width: Double, last: String) throws {
    var architecture = try #require(ResNetArchitecture(name: name)?.widened(by: width))
    architecture.zeroInitializesLastScale = true
    let layout = try layout(architecture)
    let values = layout.initialValues(seed: 1)
    for slice in layout.slices where slice.shape.count == 1 && slice.name.hasSuffix(".weight") {
      let expected: Float = slice.name.hasSuffix("\(last).weight") ? 0 : 1
      #expect(values[slice.range].allSatisfy { value in value == expected }, "\(slice.name)")
    }
  }

  @Test func `widths are multiples of the unit`() throws {
    let small = try #require(ResNetArchitecture(name: "resnet20"))
    let large = try #require(ResNetArchitecture(name: "resnet50"))
    #expect(small.widened(by: 2)?.widths == [32, 64, 128])
    #expect(large.widened(by: 0.25)?.representationWidth == 512)
    for factor in [0.5, 1.5, 0, -1, .nan, .infinity, 1e9, 1.01] {
      #expect(small.widened(by: factor) == nil, "\(factor)")
    }
  }

  @Test func `only the CIFAR ResNets pad with zeros`() throws {
    for name in ResNetArchitecture.names {
      let architecture = try #require(ResNetArchitecture(name: name))
      let isCIFAR = architecture.blockCounts.count == 3
      #expect(architecture.shortcut == (isCIFAR ? .zeroPadded : .projected), "\(name)")
      #expect((architecture.joined(by: .zeroPadded) != nil) == isCIFAR, "\(name)")
      #expect(architecture.joined(by: .projected)?.shortcut == .projected, "\(name)")
    }
  }

  @Test(arguments: [(32, 32, "cifar"), (64, 64, "cifar"), (65, 64, "imagenet"), (64, 224, "imagenet")])
  func `the stem suits the size of the views`(height: Int, width: Int, stem: String) {
    #expect(ResNetArchitecture.Stem.suiting(height: height, width: width).rawValue == stem)
  }
}
