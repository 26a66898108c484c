import Foundation
import NeuralNet
import OneDNN
import Testing

/// Compares each slice with its reference, and the names of all.
///
/// If the ReLU after a shift is always active, the next normalization cancels the shift: its gradient is 0 up to
/// rounding.
func expectMatch(
  _ values: [Float], _ layout: VectorLayout, _ references: [String: Reference], within tolerance: Double, _ what: String
) {
  #expect(Set(layout.slices.map(\.name)) == Set(references.keys))
  for slice in layout.slices {
    let own = Array(values[slice.range])
    guard let reference = references[slice.name], reference.norm > 1e-12 else {
      #expect(dot(own, own).squareRoot() < 1e-5, "\(what): \(slice.name)")
      continue
    }
    #expect(reference.error(of: own) < tolerance, "\(what): \(slice.name)")
  }
}

/// Compares the gradient of all parameters with a finite difference along itself.
///
/// Along its own direction the gradient's length is the derivative, as large as it gets, so rounding and the ReLUs that
/// cross their kinks weigh little: steps of 2⁻¹⁵ to 2⁻²⁰ of the parameters' length all come within 2·10⁻⁴.
func expectGradientMatchesFiniteDifferences(_ network: NetworkSubject, views: [Float], rows: Int) throws {
  let parameters = network.fixtureParameters()
  let weights = noise("embedding gradient", rows * 128)
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

/// A ResNet with an MLP head width → width → 128 and unit normalization, for one shard.
struct NetworkSubject {
  let context: NetworkContext
  let encoder: ResNet
  let saved: ResNet.SavedActivations
  private let head: ProjectionHead
  private let headRecord: ProjectionHead.SavedActivations
  private let pass = Pass()
  private let views: Int

  /// The activations of head and normalization kept between forward and backward pass.
  private final class Pass {
    var representations: [Float] = []
    var embeddings: [Float] = []
    var lengths: [Float] = []
  }

  init(
    mode: NetworkMode, views: Int, model: String = "resnet20", precision: Precision = .float32,
    keeping kept: KeptActivations = .all
  ) throws {
    try self.init(
      mode: mode, views: views, #require(ResNetArchitecture(name: model)), height: 16, width: 16, precision: precision,
      keeping: kept)
  }

  init(
    mode: NetworkMode, views: Int, _ architecture: ResNetArchitecture, height: Int, width: Int,
    precision: Precision = .float32, keeping kept: KeptActivations = .all
  ) throws {
    useOneThreadPerPrimitive()
    self.views = views
    context = try NetworkContext(Engine(), mode: mode, precision: precision)
    encoder = try ResNet(context, architecture, views: views, height: height, width: width)
    let representationWidth = encoder.representationWidth
    head = ProjectionHead(
      context, ProjectionHeadArchitecture([representationWidth, 128]), inputWidth: representationWidth)
    saved = try encoder.makeSavedActivations(kept)
    headRecord = head.makeSavedActivations(views: views)
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

  /// Views of noise with coarse structure of their own, so that their embeddings differ.
  static func views(
    step: Int, number: Int = 654, count: Int = 16, height: Int = 16, width: Int = 16
  ) -> [Float] {
    let fine = noise("fine views \(number).\(step)", count * 3 * height * width)
    let coarse = noise("coarse views \(number).\(step)", count * 3 * 2 * 2, amplitude: 4)
    return fine.enumerated().map { index, value in
      let column = index % width
      let row = index / width % height
      let plane = index / (width * height)
      return value + coarse[(plane * 2 + row * 2 / height) * 2 + column * 2 / width]
    }
  }

  func representations(
    of views: [Float], _ parameters: [Float], statistics: [Float]? = nil
  ) throws -> [Float] {
    encoder.views.setMaps(views, encoder.inputShape)
    try encoder.load(parameters.span)
    if let statistics {
      encoder.load(statistics: statistics.span, into: saved)
    }
    var representations = [Float](repeating: .nan, count: self.views * encoder.representationWidth)
    var span = representations.mutableSpan
    try encoder.forward(saved, into: &span)
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
    L2Normalization.forward(projections.span, width: 128, into: &embeddingSpan, lengths: &lengthSpan)
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
    L2Normalization.backward(
      unitRows: embeddings.span, lengths: lengths.span, gradient: &projectionSpan, width: 128)
    // Every element must be written: what is left NaN fails any comparison.
    var gradient = [Float](repeating: .nan, count: parameters.count)
    var gradientSpan = gradient.mutableSpan
    var representationGradient = [Float](repeating: .nan, count: views * encoder.representationWidth)
    var representationSpan = representationGradient.mutableSpan
    try head.backward(
      representations: representations.span, projectionGradient: projectionGradient.span,
      parameters: parameters.span, headRecord, into: &gradientSpan, representationGradient: &representationSpan)
    try encoder.backward(saved, representationGradient: representationGradient.span, into: &gradientSpan)
    return gradient
  }

  /// The batch statistics of the last forward pass.
  func batchStatistics() -> [Float] {
    var moments = [Float](repeating: .nan, count: context.statistics.count)
    var span = moments.mutableSpan
    encoder.batchStatistics(of: saved, into: &span)
    return moments
  }
}

/// The mean over anchors of L_out and its gradient, straight from the definition in Double (Khosla 2020, equation 2).
///
/// L = 1/N Σ_i [ln Σ_{a≠i} e^{l_ia} − 1/|P(i)| Σ_{p∈P(i)} l_ip] with l_ij = z_i·z_j / τ.
func supervisedContrastiveLoss(
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
