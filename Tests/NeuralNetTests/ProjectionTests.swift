import NeuralNet
import OneDNN
import Testing

/// From representations to unit embeddings: linear layer, projection head, unit normalization.
@Suite struct ProjectionTests {
  private struct Fixture: Decodable {
    struct Layer: Decodable {
      let output: Reference
      let inputGradient: Reference
    }

    struct Head: Decodable {
      let widths: [Int]
      let hasBatchNormalization: Bool
      let output: Reference
      let inputGradient: Reference
      let parameterGradients: [String: Reference]
      let moments: [String: Reference]

      var plan: ProjectionHeadArchitecture {
        ProjectionHeadArchitecture(widths, hasBatchNormalization: hasBatchNormalization)
      }
    }

    let unitNormalization: Layer
    let heads: [Head]
  }

  // MARK: - Projection head

  /// A head of 24 → … → 10 for seven rows.
  private struct Subject {
    let head: ProjectionHead
    let layout: VectorLayout
    let statisticsLayout: VectorLayout
    let saved: ProjectionHead.SavedActivations
    let parameters: [Float]
    let input = noise("input", 7 * 24, amplitude: 2)
    let outputGradient = noise("output gradient", 7 * 10)

    init(_ plan: ProjectionHeadArchitecture) throws {
      useOneThreadPerPrimitive()
      let context = try NetworkContext(Engine(), mode: .training, precision: .float32)
      head = ProjectionHead(context, plan, inputWidth: 24)
      layout = context.parameters
      statisticsLayout = context.statistics
      saved = head.makeSavedActivations(views: 7)
      parameters = layout.fixtureHeadParameters()
    }

    func forward(_ input: [Float], _ parameters: [Float]) throws -> [Float] {
      var output = [Float](repeating: .nan, count: 7 * 10)
      var span = output.mutableSpan
      try head.forward(input.span, parameters: parameters.span, saved, into: &span)
      return output
    }

    func backward(_ parameters: [Float]) throws -> (parameters: [Float], input: [Float]) {
      _ = try forward(input, parameters)
      var gradient = [Float](repeating: .nan, count: parameters.count)
      var inputGradient = [Float](repeating: .nan, count: input.count)
      var gradientSpan = gradient.mutableSpan
      var inputGradientSpan = inputGradient.mutableSpan
      try head.backward(
        representations: input.span, projectionGradient: outputGradient.span, parameters: parameters.span, saved,
        into: &gradientSpan, representationGradient: &inputGradientSpan)
      return (gradient, inputGradient)
    }
  }

  // Sums of at most 24 products in float32; a normalization over seven rows adds a few units of 2⁻²⁴ ≈ 6·10⁻⁸.
  @Test(arguments: 0..<4)
  func `the head matches PyTorch`(index: Int) throws {
    let content: Fixture = try fixture("layers")
    #expect(content.heads.count == 4)
    let expected = content.heads[index]
    let subject = try Subject(expected.plan)
    #expect(try expected.output.error(of: subject.forward(subject.input, subject.parameters)) < 2e-6)
    let gradients = try subject.backward(subject.parameters)
    #expect(expected.inputGradient.error(of: gradients.input) < 2e-6)
    expectMatch(gradients.parameters, subject.layout, expected.parameterGradients, within: 2e-6, "gradient")

    var moments = [Float](repeating: .nan, count: subject.statisticsLayout.count)
    var span = moments.mutableSpan
    subject.head.batchStatistics(of: subject.saved, into: &span)
    expectMatch(moments, subject.statisticsLayout, expected.moments, within: 2e-6, "moments")
  }

  @Test func `without layers representations are embeddings`() throws {
    useOneThreadPerPrimitive()
    let context = try NetworkContext(Engine(), mode: .training, precision: .float32)
    let head = ProjectionHead(context, ProjectionHeadArchitecture([]), inputWidth: 24)
    #expect(head.outputWidth == 24)
    #expect(context.parameters.count == 0)
    let input = noise("input", 7 * 24)
    let saved = head.makeSavedActivations(views: 7)
    var output = [Float](repeating: .nan, count: input.count)
    var outputSpan = output.mutableSpan
    let nothing: [Float] = []
    try head.forward(input.span, parameters: nothing.span, saved, into: &outputSpan)
    #expect(output == input)
    var inputGradient = [Float](repeating: .nan, count: input.count)
    var gradient: [Float] = []
    var inputGradientSpan = inputGradient.mutableSpan
    var gradientSpan = gradient.mutableSpan
    try head.backward(
      representations: output.span, projectionGradient: input.span, parameters: nothing.span, saved,
      into: &gradientSpan, representationGradient: &inputGradientSpan)
    #expect(inputGradient == input)
  }

  // Steps of 1/64 with the hidden units held off their kinks: half always on, half always off. Then the head is linear
  // in its input, and in its parameters but for products of two steps, which the central difference cancels.
  @Test(arguments: [[10], [24, 10]])
  func `the head's gradients match finite differences`(widths: [Int]) throws {
    let subject = try Subject(ProjectionHeadArchitecture(widths))
    var parameters = subject.parameters
    if let bias = subject.layout.slices.first(where: { slice in slice.name == "head.0.bias" }) {
      for (unit, index) in bias.range.enumerated() {
        parameters[index] = unit.isMultiple(of: 2) ? 4 : -4
      }
    }
    let gradients = try subject.backward(parameters)
    let parameterError = try gradientError(gradients.parameters, at: parameters, step: 0x1p-6) { parameters in
      try dot(subject.forward(subject.input, parameters), subject.outputGradient)
    }
    let inputError = try gradientError(gradients.input, at: subject.input, step: 0x1p-6) { input in
      try dot(subject.forward(input, parameters), subject.outputGradient)
    }
    #expect(parameterError < 1e-4)
    #expect(inputError < 1e-4)
  }

  // MARK: - Linear layer

  // Small integers: every sum is exact.
  @Test func `a linear layer is exact on integers`() throws {
    useOneThreadPerPrimitive()
    var layout = VectorLayout()
    let layer = LinearLayer(&layout, "layer", inputWidth: 3, outputWidth: 2)
    let parameters: [Float] = [1, 2, 3, 4, 5, 6, 10, 20]
    let input: [Float] = [1, 0, -1, 2, 1, 0]
    var output = [Float](repeating: .nan, count: 4)
    var outputSpan = output.mutableSpan
    try layer.forward(input.span, parameters: parameters.span, into: &outputSpan)
    #expect(output == [8, 18, 14, 33])

    let outputGradient: [Float] = [1, 2, 3, -1]
    var gradient = [Float](repeating: .nan, count: 8)
    var gradientSpan = gradient.mutableSpan
    var inputGradient = [Float](repeating: .nan, count: 6)
    var inputGradientSpan = inputGradient.mutableSpan
    try layer.backward(
      input: input.span, outputGradient: outputGradient.span, parameters: parameters.span, into: &gradientSpan,
      inputGradient: &inputGradientSpan)
    #expect(gradient == [7, 3, -1, 0, -1, -2, 4, 1])
    #expect(inputGradient == [9, 12, 15, -1, 1, 3])
  }

  // MARK: - Unit normalization

  private func normalize(_ rows: [Float]) -> (rows: [Float], lengths: [Float]) {
    var unitRows = [Float](repeating: .nan, count: rows.count)
    var lengths = [Float](repeating: .nan, count: rows.count / 12)
    var unitRowSpan = unitRows.mutableSpan
    var lengthSpan = lengths.mutableSpan
    L2Normalization.forward(rows.span, width: 12, into: &unitRowSpan, lengths: &lengthSpan)
    return (unitRows, lengths)
  }

  private func normalizationGradient(_ rows: [Float], _ outputGradient: [Float]) -> [Float] {
    let (unitRows, lengths) = normalize(rows)
    var gradient = outputGradient
    var span = gradient.mutableSpan
    L2Normalization.backward(unitRows: unitRows.span, lengths: lengths.span, gradient: &span, width: 12)
    return gradient
  }

  @Test func `unit normalization matches PyTorch`() throws {
    let content: Fixture = try fixture("layers")
    let rows = noise("input", 5 * 12)
    #expect(content.unitNormalization.output.error(of: normalize(rows).rows) < 5e-7)
    let gradient = normalizationGradient(rows, noise("output gradient", 5 * 12))
    #expect(content.unitNormalization.inputGradient.error(of: gradient) < 5e-7)
  }

  // Rows are about 1 long; steps of 1/256 leave 10⁻⁵ of rounding and of curvature.
  @Test func `the gradient of unit normalization matches finite differences`() throws {
    let rows = noise("input", 5 * 12)
    let weights = noise("output gradient", 5 * 12)
    let error = try gradientError(normalizationGradient(rows, weights), at: rows, step: 0x1p-8) { rows in
      dot(normalize(rows).rows, weights)
    }
    #expect(error < 1e-3)
  }

  @Test func `unit normalization of zero is zero`() {
    let (rows, lengths) = normalize([Float](repeating: 0, count: 12) + [Float](repeating: 2, count: 12))
    #expect(rows[..<12].allSatisfy { element in element == 0 })
    // Twelve times 2 is √48 long.
    #expect(abs(lengths[1] - Float(48).squareRoot()) < 1e-6)
  }

  // Such a row is divided by the limit of 10⁻¹², which does not depend on it: every element has its own gradient alone.
  @Test func `the gradient of a row that is too short is divided by the limit`() {
    let rows: [Float] = [3e-13, 4e-13] + [Float](repeating: 0, count: 10)
    let gradient = normalizationGradient(rows, [1, -2] + [Float](repeating: 0.5, count: 10))
    let expected: [Float] = [1e12, -2e12] + [Float](repeating: 5e11, count: 10)
    for (found, quotient) in zip(gradient, expected) {
      #expect(abs(found - quotient) <= 1e-6 * abs(quotient), "\(found), not \(quotient)")
    }
  }

  // Along a row the unit vector does not change, so the gradient is at right angles to the row.
  @Test func `the gradient of unit normalization is perpendicular to the row`() {
    let rows = noise("input", 5 * 12)
    let gradient = normalizationGradient(rows, noise("output gradient", 5 * 12))
    for row in 0..<5 {
      let elements = row * 12..<(row + 1) * 12
      #expect(abs(dot(Array(rows[elements]), Array(gradient[elements]))) < 1e-6)
    }
  }
}

extension VectorLayout {
  /// The values of the fixtures' heads: scales and shifts of normalizations around 1, the others as for 24 inputs.
  func fixtureHeadParameters() -> [Float] {
    slices.flatMap { slice in
      switch slice.initializer {
      case .constant: noise(slice.name, slice.range.count, amplitude: 0.5).map { value in 1 + value }
      default: noise(slice.name, slice.range.count, amplitude: 2 / 24.0.squareRoot())
      }
    }
  }
}
