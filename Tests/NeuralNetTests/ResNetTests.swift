import Foundation
import NeuralNet
import OneDNN
import Testing

/// ResNet-20 and ResNet-18 with an MLP head, whole: training steps and an evaluation against PyTorch.
@Suite struct ResNetTests {
  private struct Fixture: Decodable {
    struct Step: Decodable {
      let loss: Double
      let embeddings: Reference
      let embeddingGradient: Reference
      let gradients: [String: Reference]
    }

    struct Run: Decodable {
      let steps: [Step]
      let statistics: [String: Reference]
      let parameters: [String: Reference]
      let evaluation: Reference
    }

    let temperature: Double
    let labels: [Int]
    let heavyBall: Run
    let nesterov: Run?
  }

  // Forward, twenty normalised layers add a few units of 2⁻²⁴ ≈ 6·10⁻⁸ each. The gradients of early layers are differences of
  // larger numbers (3·10⁻⁵ with AVX2 and AVX-512). No ReLU is so near its kink that rounding could switch it: see
  // scripts/make-fixtures.py. A wrong factor of 1.01 misses by 10⁻² in each of the error's three terms.
  @Test(arguments: [("resnet20", false), ("resnet20", true), ("resnet18", false)])
  func stepsMatchPyTorch(model: String, usesNesterov: Bool) throws {
    let content: Fixture = try fixture(model)
    let expected = usesNesterov ? try #require(content.nesterov) : content.heavyBall
    let network = try NetworkSubject(mode: .training, views: 16, model: model)
    var parameters = network.fixtureParameters()
    var statistics = network.context.statistics.initialValues(seed: 0)
    var optimizer = StochasticGradientDescent(
      parameterCount: parameters.count, momentum: 0.9, weightDecay: 1e-4, usesNesterov: usesNesterov)

    for (index, step) in expected.steps.enumerated() {
      let embeddings = try network.forward(NetworkSubject.views(step: index), parameters)
      #expect(step.embeddings.error(of: embeddings) < 3e-6, "step \(index)")
      let loss = supervisedContrastiveLoss(
        embeddings, labels: content.labels, width: 128, temperature: content.temperature)
      #expect(abs(loss.value - step.loss) < 1e-6 * step.loss, "step \(index)")
      #expect(step.embeddingGradient.error(of: loss.gradient) < 3e-5, "step \(index)")

      let gradient = try network.backward(embeddingGradient: loss.gradient, parameters)
      expectMatch(gradient, network.context.parameters, step.gradients, within: 2e-4, "gradient of step \(index)")
      // Once a step the running statistics move a tenth of the way towards the shard's moments.
      for (place, moment) in network.moments().enumerated() {
        statistics[place] = 0.9 * statistics[place] + 0.1 * moment
      }
      optimizer.update(&parameters, gradient: gradient.span, learningRate: 0.1)
    }
    expectMatch(parameters, network.context.parameters, expected.parameters, within: 1e-6, "parameters")
    expectMatch(statistics, network.context.statistics, expected.statistics, within: 1e-5, "statistics")

    let evaluated = try NetworkSubject(mode: .inference, views: 16, model: model)
    let representations = try evaluated.representations(
      of: NetworkSubject.views(step: 0), parameters, statistics: statistics)
    #expect(expected.evaluation.error(of: representations) < 3e-6)
  }

  // Along its own direction the gradient's length is the derivative, as large as it gets, so rounding and the ReLUs that cross
  // their kinks weigh little: steps of 2⁻¹⁵ to 2⁻²⁰ of the parameters' length all come within 2·10⁻⁴.
  @Test func gradientMatchesFiniteDifferences() throws {
    let network = try NetworkSubject(mode: .training, views: 16)
    let parameters = network.fixtureParameters()
    let views = NetworkSubject.views(step: 0)
    let weights = noise("embedding gradient", 16 * 128)
    _ = try network.forward(views, parameters)
    let gradient = try network.backward(embeddingGradient: weights, parameters)
    let length = dot(gradient, gradient).squareRoot()
    let step = 0x1p-17 * dot(parameters, parameters).squareRoot() / length
    let ahead = zip(parameters, gradient).map { value, slope in value + Float(step) * slope }
    let behind = zip(parameters, gradient).map { value, slope in value - Float(step) * slope }
    let numeric = try dot(network.forward(views, ahead), weights) - dot(network.forward(views, behind), weights)
    let analytic = zip(ahead, behind).enumerated().reduce(0.0) { sum, pair in
      sum + Double(gradient[pair.offset]) * (Double(pair.element.0) - Double(pair.element.1))
    }
    #expect(abs(numeric - analytic) < 1e-3 * abs(analytic), "\(numeric) for \(analytic)")
  }

  // Several shards pass forward before the first passes backward; one that was not kept passes forward again. Neither may
  // change a bit, nor may another network of the same shapes.
  @Test func gradientsDoNotDependOnWhatRanBefore() throws {
    let network = try NetworkSubject(mode: .training, views: 4)
    let parameters = network.fixtureParameters()
    let weights = noise("embedding gradient", 4 * 128)
    let first = Array(NetworkSubject.views(step: 0).prefix(4 * 3 * 256))
    let second = Array(NetworkSubject.views(step: 1).prefix(4 * 3 * 256))

    let embeddings = try network.forward(first, parameters)
    let gradient = try network.backward(embeddingGradient: weights, parameters)
    let moments = network.moments()
    #expect(try network.backward(embeddingGradient: weights, parameters) == gradient)

    let otherRecord = try network.encoder.makeRecord()
    network.encoder.views.setMaps(second, network.encoder.inputShape)
    var otherRepresentations = [Float](repeating: 0, count: 4 * 64)
    var span = otherRepresentations.mutableSpan
    try network.encoder.forward(otherRecord, into: &span)
    #expect(try network.backward(embeddingGradient: weights, parameters) == gradient)
    #expect(network.moments() == moments)

    #expect(try network.forward(first, parameters) == embeddings)
    #expect(try network.backward(embeddingGradient: weights, parameters) == gradient)

    let twin = try NetworkSubject(mode: .training, views: 4)
    #expect(try twin.forward(first, parameters) == embeddings)
    #expect(try twin.backward(embeddingGradient: weights, parameters) == gradient)
  }

  // In evaluation a view's representation depends on no other view.
  @Test func evaluationTreatsViewsAlone() throws {
    let network = try NetworkSubject(mode: .inference, views: 4)
    let parameters = network.fixtureParameters()
    let statistics = network.context.statistics.initialValues(seed: 0)
    let pixels = 3 * 256
    var views = Array(NetworkSubject.views(step: 0).prefix(4 * pixels))
    let before = try network.representations(of: views, parameters, statistics: statistics)
    views.replaceSubrange(pixels..., with: NetworkSubject.views(step: 1).prefix(3 * pixels))
    let after = try network.representations(of: views, parameters, statistics: statistics)
    #expect(before[..<64] == after[..<64])
    #expect(before[64...] != after[64...])
  }

  // bfloat16 has 8 significant bits: embeddings keep two digits and the gradient its direction.
  @Test(.enabled(if: InstructionSet.hasBfloat16, "this CPU has no bfloat16 convolutions"))
  func bfloat16FollowsFloat32() throws {
    let views = NetworkSubject.views(step: 0)
    let weights = noise("embedding gradient", 16 * 128)
    func pass(
      _ precision: Precision
    ) throws -> (embeddings: [Float], gradient: [Float], moments: [Float], layout: VectorLayout) {
      let network = try NetworkSubject(mode: .training, views: 16, precision: precision)
      let parameters = network.fixtureParameters()
      let embeddings = try network.forward(views, parameters)
      let gradient = try network.backward(embeddingGradient: weights, parameters)
      return (embeddings, gradient, network.moments(), network.context.parameters)
    }
    let exact = try pass(.float32)
    let rounded = try pass(.bfloat16)
    #expect(cosine(exact.embeddings, rounded.embeddings) > 0.9999)
    #expect(cosine(exact.moments, rounded.moments) > 0.9999)
    for slice in exact.layout.slices {
      let cosine = cosine(Array(exact.gradient[slice.range]), Array(rounded.gradient[slice.range]))
      #expect(cosine > 0.98, "\(slice.name)")
    }
  }

  private func cosine(_ first: [Float], _ second: [Float]) -> Double {
    dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
  }

  /// Compares each slice with its reference, and the names of all.
  private func expectMatch(
    _ values: [Float], _ layout: VectorLayout, _ references: [String: Reference], within tolerance: Double,
    _ what: String
  ) {
    #expect(Set(layout.slices.map(\.name)) == Set(references.keys))
    for slice in layout.slices {
      let error = references[slice.name]?.error(of: Array(values[slice.range])) ?? .infinity
      #expect(error < tolerance, "\(what): \(slice.name)")
    }
  }
}

/// A ResNet with an MLP head width → width → 128 and unit normalisation, for one shard.
private struct NetworkSubject {
  let context: NetworkContext
  let encoder: ResNet
  let record: ResNet.Record
  private let head: ProjectionHead
  private let headRecord: ProjectionHead.Record
  private let pass = Pass()
  private let views: Int

  /// What the head and the normalisation leave between forward and backward.
  private final class Pass {
    var representations: [Float] = []
    var embeddings: [Float] = []
    var lengths: [Float] = []
  }

  init(mode: NetworkMode, views: Int, model: String = "resnet20", precision: Precision = .float32) throws {
    useOneThreadPerPrimitive()
    self.views = views
    context = try NetworkContext(Engine(), mode: mode, precision: precision)
    let architecture = try #require(ResNetArchitecture(name: model))
    encoder = try ResNet(context, architecture, views: views, height: 16, width: 16)
    head = ProjectionHead(context, .mlp, inputWidth: encoder.representationWidth, outputWidth: 128)
    record = try encoder.makeRecord()
    headRecord = head.makeRecord(views: views)
  }

  /// Values of the size that training begins with, but scales of BatchNorm that all differ, and shifts around 1.
  func fixtureParameters() -> [Float] {
    context.parameters.slices.flatMap { slice in
      let count = slice.range.count
      switch slice.initializer {
      case .constant:
        return noise(slice.name, count, amplitude: 0.5).map { noise in 1 + noise }
      case .kaimingFanOut:
        return noise(
          slice.name, count, amplitude: (24 / Double(slice.shape[0] * slice.shape[2] * slice.shape[3])).squareRoot())
      case .uniform(let inputs):
        return noise(slice.name, count, amplitude: 2 / Double(inputs).squareRoot())
      }
    }
  }

  /// 16 views of noise with coarse structure of their own, so that their embeddings differ.
  static func views(step: Int) -> [Float] {
    let fine = noise("fine views 654.\(step)", 16 * 3 * 16 * 16)
    let coarse = noise("coarse views 654.\(step)", 16 * 3 * 2 * 2, amplitude: 4)
    return fine.enumerated().map { index, value in
      let column = index % 16
      let row = index / 16 % 16
      let plane = index / 256
      return value + coarse[(plane * 2 + row / 8) * 2 + column / 8]
    }
  }

  func representations(
    of views: [Float], _ parameters: [Float], statistics: [Float]? = nil
  ) throws -> [Float] {
    encoder.views.setMaps(views, encoder.inputShape)
    try encoder.load(parameters.span)
    if let statistics {
      encoder.load(statistics: statistics.span, into: record)
    }
    var representations = [Float](repeating: .nan, count: self.views * encoder.representationWidth)
    var span = representations.mutableSpan
    try encoder.forward(record, into: &span)
    return representations
  }

  /// The embeddings of a shard in training.
  func forward(_ views: [Float], _ parameters: [Float]) throws -> [Float] {
    let representations = try representations(of: views, parameters)
    var projections = [Float](repeating: .nan, count: self.views * 128)
    var projectionSpan = projections.mutableSpan
    try head.forward(representations.span, parameters: parameters.span, headRecord, into: &projectionSpan)
    var embeddings = [Float](repeating: .nan, count: projections.count)
    var lengths = [Float](repeating: .nan, count: self.views)
    var embeddingSpan = embeddings.mutableSpan
    var lengthSpan = lengths.mutableSpan
    UnitNormalization.forward(projections.span, width: 128, into: &embeddingSpan, lengths: &lengthSpan)
    pass.representations = representations
    pass.embeddings = embeddings
    pass.lengths = lengths
    return embeddings
  }

  /// The gradient of all parameters, after a forward pass.
  func backward(embeddingGradient: [Float], _ parameters: [Float]) throws -> [Float] {
    // Spans of a class's properties would not outlive the expression.
    let (representations, embeddings, lengths) = (pass.representations, pass.embeddings, pass.lengths)
    var projectionGradient = embeddingGradient
    var projectionSpan = projectionGradient.mutableSpan
    UnitNormalization.backward(
      unitRows: embeddings.span, lengths: lengths.span, gradient: &projectionSpan, width: 128)
    // Every element must be written: what is left NaN fails any comparison.
    var gradient = [Float](repeating: .nan, count: parameters.count)
    var gradientSpan = gradient.mutableSpan
    var representationGradient = [Float](repeating: .nan, count: views * encoder.representationWidth)
    var representationSpan = representationGradient.mutableSpan
    try head.backward(
      representations: representations.span, projectionGradient: projectionGradient.span,
      parameters: parameters.span, headRecord, into: &gradientSpan, representationGradient: &representationSpan)
    try encoder.backward(record, representationGradient: representationGradient.span, into: &gradientSpan)
    return gradient
  }

  /// The BatchNorm moments of the last forward pass.
  func moments() -> [Float] {
    var moments = [Float](repeating: .nan, count: context.statistics.count)
    var span = moments.mutableSpan
    encoder.moments(of: record, into: &span)
    return moments
  }
}

/// The mean over anchors of L_out and its gradient, straight from the definition in Double (Khosla 2020, equation 2).
///
/// L = 1/N Σ_i [ln Σ_{a≠i} e^{l_ia} − 1/|P(i)| Σ_{p∈P(i)} l_ip] with l_ij = z_i·z_j / τ.
private func supervisedContrastiveLoss(
  _ embeddings: [Float], labels: [Int], width: Int, temperature: Double
) -> (value: Double, gradient: [Float]) {
  let rows = labels.indices
  let z = rows.map { row in embeddings[row * width..<(row + 1) * width].map(Double.init) }
  var value = 0.0
  var gradient = [[Double]](repeating: [Double](repeating: 0, count: width), count: rows.count)
  for anchor in rows {
    let logits = rows.map { row in zip(z[anchor], z[row]).reduce(0) { $0 + $1.0 * $1.1 } / temperature }
    let others = rows.filter { row in row != anchor }
    let positives = others.filter { row in labels[row] == labels[anchor] }
    let sum = others.reduce(0) { sum, row in sum + exp(logits[row]) }
    for row in others {
      let share = positives.contains(row) ? 1 / Double(positives.count) : 0
      value += (share > 0 ? share * (log(sum) - logits[row]) : 0) / Double(rows.count)
      // ∂L/∂l_ij; the logit depends on both of its embeddings.
      let slope = (exp(logits[row]) / sum - share) / Double(rows.count) / temperature
      for column in 0..<width {
        gradient[anchor][column] += slope * z[row][column]
        gradient[row][column] += slope * z[anchor][column]
      }
    }
  }
  return (value, gradient.flatMap { row in row.map(Float.init) })
}
