import FlatVectors
import NeuralNet
import OneDNN
import Testing

/// Packed weights that the threads of a process share, and memory that layers share.
struct PackedWeightsTests {
  private static let architecture = ResNetArchitecture(name: "resnet18")

  /// An encoder of one thread with its activations.
  private struct Subject {
    let context: NetworkContext
    let encoder: ResNet
    let saved: ResNet.SavedActivations

    init(_ packedWeights: PackedWeights, _ vectors: NetworkContext.GradientVectors = .whole) throws {
      useOneThreadPerPrimitive()
      context = try NetworkContext(
        Engine(), mode: .training, precision: .float32, gradientVectors: vectors, packedWeights: packedWeights)
      encoder = try ResNet(context, #require(PackedWeightsTests.architecture), views: 2, height: 16, width: 16)
      saved = try encoder.makeSavedActivations()
      encoder.views.copy(from: noise("views", 2 * 3 * 16 * 16).span)
    }

    var parameters: [Float] { context.parameters.initialValues(seed: 5) }

    func forward(_ other: ResNet.SavedActivations? = nil) throws -> [Float] {
      var representations = [Float](repeating: 0, count: 2 * encoder.representationWidth)
      var rows = representations.mutableSpan
      try encoder.forward(other ?? saved, into: &rows)
      return representations
    }

    func backward(_ other: ResNet.SavedActivations? = nil) throws -> [Float] {
      let outputGradient = noise("gradient", 2 * encoder.representationWidth)
      var whole = [Float](repeating: .nan, count: context.parameters.count)
      var elements = whole.mutableSpan
      try encoder.backward(other ?? saved, representationGradient: outputGradient.span, into: &elements)
      return whole
    }
  }

  @Test func `weights that take turns give the same bits in less memory`() throws {
    let (separate, alternating) = (PackedWeights(), PackedWeights())
    let (one, other) = (try Subject(separate), try Subject(alternating))
    try one.encoder.load(one.parameters.span)
    let (expected, expectedGradient) = (try one.forward(), try one.backward())

    alternating.setStorage(.alternating)
    try other.encoder.load(other.parameters.span, WeightLoading(.forward))
    let representations = try other.forward()
    try other.encoder.load(other.parameters.span, WeightLoading(.inputGradient))
    #expect(representations == expected)
    #expect(try other.backward() == expectedGradient)
    #expect(alternating.byteCount(.alternating) < separate.byteCount(.separate) * 6 / 10)
  }

  @Test func `weights packed on use give the same bits in the memory of one convolution`() throws {
    let (separate, common) = (PackedWeights(), PackedWeights())
    let (one, other) = (try Subject(separate), try Subject(common))
    try one.encoder.load(one.parameters.span)
    let (expected, expectedGradient) = (try one.forward(), try one.backward())

    other.context.packWeightsOnUse()
    let before = Tensor.livingByteCount
    try other.encoder.load(other.parameters.span, WeightLoading(.forward))
    other.context.parametersInUse = FlatVector(other.parameters)
    #expect(try other.forward() == expected)
    #expect(try other.backward() == expectedGradient)
    #expect(Tensor.livingByteCount == before)
    #expect(common.byteCount(.onUse) < separate.byteCount(.separate) / 6)

    // Back to memory for each.
    common.setStorage(.separate)
    other.context.parametersInUse = nil
    try other.encoder.load(other.parameters.span)
    #expect(try other.forward() == expected)
  }

  @Test func `a second thread uses what the first has packed`() throws {
    let shared = PackedWeights()
    let (first, second) = (try Subject(shared), try Subject(shared))
    let before = Tensor.livingByteCount
    try first.encoder.load(first.parameters.span, WeightLoading(.all, turn: 1))
    // Nothing is left of the turn: weights that are not the parameters would be packed if the second thread loaded
    // them.
    try second.encoder.load([Float](repeating: .nan, count: first.parameters.count).span, WeightLoading(.all, turn: 1))
    // Scales and shifts of normalizations belong to each thread.
    try second.encoder.load(second.parameters.span, WeightLoading(.all, turn: 1))
    #expect(try second.forward() == first.forward())
    #expect(try second.backward() == first.backward())
    #expect(Tensor.livingByteCount == before)
  }

  /// The shards of a rank have activations of one thread's encoder, whichever thread computes them.
  @Test func `threads do not meet in activations that one of them has made`() throws {
    let (first, second) = (try Subject(PackedWeights()), try Subject(PackedWeights()))
    for subject in [first, second] {
      try subject.encoder.load(subject.parameters.span)
    }
    let (expected, expectedGradient) = (try first.forward(), try first.backward())
    let others = (try first.encoder.makeSavedActivations(), try first.encoder.makeSavedActivations())
    // Another shard runs on the second thread between the passes of the first.
    #expect(try first.forward(others.0) == expected)
    second.encoder.views.copy(from: noise("other views", 2 * 3 * 16 * 16).span)
    #expect(try second.forward(others.1) != expected)
    #expect(try first.backward(others.0) == expectedGradient)
  }

  @Test func `gradients in parts are those of the whole vector`() throws {
    let (whole, parts) = (try Subject(PackedWeights()), try Subject(PackedWeights(), .perSegment))
    try whole.encoder.load(whole.parameters.span)
    try parts.encoder.load(parts.parameters.span)
    _ = (try whole.forward(), try parts.forward())
    let expected = try whole.backward()

    let outputGradient = noise("gradient", 2 * parts.encoder.representationWidth)
    let bounds = parts.encoder.segmentStarts + [expected.count]
    let longest = zip(bounds, bounds.dropFirst()).map { lower, upper in upper - lower }.max() ?? 0
    var part = [Float](repeating: .nan, count: longest)
    var gradient = [Float](repeating: .nan, count: expected.count)
    var elements = part.mutableSpan
    try parts.encoder.backward(parts.saved, representationGradient: outputGradient.span, into: &elements) {
      range, values in
      for index in range {
        gradient[index] = values[index - range.lowerBound]
      }
    }
    #expect(gradient == expected)
  }
}
