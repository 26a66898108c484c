import OneDNN
import Testing

/// Training with and without ReLU, gradients and statistics, and evaluation with given statistics.
@Suite struct BatchNormalizationTests {
  private struct Case: Decodable {
    let appliesRelu: Bool
    let output: Reference
    let inputGradient: Reference
    let scaleGradient: Reference
    let shiftGradient: Reference
    let mean: Reference
    let unbiasedVariance: Reference
    let inference: Reference
  }

  private static let channels = 16

  /// A normalisation with the fixtures' input, scale, shift and gradient of the output.
  private struct Subject {
    let bench: Bench
    let normalization: BatchNormalization
    let record: BatchNormalization.Record
    let shape: ActivationShape
    let input: [Float]
    let scale: [Float]
    let shift: [Float]
    let outputGradient: [Float]

    init(appliesRelu: Bool, isTraining: Bool = true, channelBlock: Int = 16) throws {
      bench = try Bench()
      let shape = ActivationShape(batch: 4, channels: channels, height: 8, width: 6, channelBlock: channelBlock)
      self.shape = shape
      normalization = try BatchNormalization(
        bench.engine, bench.execution, shape, .float32, epsilon: 1e-5, appliesRelu: appliesRelu, isTraining: isTraining)
      record = try normalization.makeRecord()
      // Channels of different means, so that a wrong mean cannot hide.
      let means = noise("channel means", channels, amplitude: 4)
      input = noise("input", shape.count, amplitude: 4).enumerated().map { index, value in
        value + means[index / (shape.height * shape.width) % channels]
      }
      scale = noise("scale", channels).map { value in 1 + value }
      shift = noise("shift", channels)
      outputGradient = noise("output gradient", shape.count)
    }

    func forward(_ input: [Float], _ scale: [Float], _ shift: [Float]) throws -> [Float] {
      normalization.load(scale: scale.span, shift: shift.span)
      let output = try bench.tensor(shape)
      try normalization.forward(bench.tensor(shape, input), into: output, record)
      return output.maps(shape)
    }

    /// The gradients at the fixtures' input, after a forward pass there.
    func backward(
      _ outputGradient: [Float]
    ) throws -> (input: [Float], scale: [Float], shift: [Float]) {
      _ = try forward(input, scale, shift)
      let inputGradient = try bench.tensor(shape)
      var parameterGradient = [Float](repeating: .nan, count: 2 * channels)
      var span = parameterGradient.mutableSpan
      try normalization.backward(
        input: bench.tensor(shape, input), outputGradient: bench.tensor(shape, outputGradient), record,
        into: inputGradient, parameterGradient: &span)
      return (
        inputGradient.maps(shape), Array(parameterGradient[..<channels]), Array(parameterGradient[channels...])
      )
    }
  }

  // Means over 192 numbers and their square root: a few units of 2⁻²⁴ ≈ 6·10⁻⁸ each.
  @Test(arguments: [1, 8, 16])
  func matchesPyTorch(channelBlock: Int) throws {
    let cases: [Case] = try fixture("batch-normalization")
    for expected in cases {
      let subject = try Subject(appliesRelu: expected.appliesRelu, channelBlock: channelBlock)
      let name = expected.appliesRelu ? "with ReLU" : "without ReLU"
      let output = try subject.forward(subject.input, subject.scale, subject.shift)
      #expect(expected.output.error(of: output) < 2e-6, "\(name)")
      let gradients = try subject.backward(subject.outputGradient)
      #expect(expected.inputGradient.error(of: gradients.input) < 2e-6, "\(name)")
      #expect(expected.scaleGradient.error(of: gradients.scale) < 2e-6, "\(name)")
      #expect(expected.shiftGradient.error(of: gradients.shift) < 2e-6, "\(name)")

      #expect(expected.mean.error(of: values(subject.record.mean)) < 2e-6, "\(name)")
      // The record's variance is divided by n, PyTorch's running one by n − 1.
      let pixels = Float(subject.shape.count / Self.channels)
      let variance = values(subject.record.variance).map { variance in variance * pixels / (pixels - 1) }
      #expect(expected.unbiasedVariance.error(of: variance) < 2e-6, "\(name)")
    }
  }

  @Test(arguments: [1, 8, 16])
  func evaluationMatchesPyTorch(channelBlock: Int) throws {
    let cases: [Case] = try fixture("batch-normalization")
    for expected in cases {
      let subject = try Subject(appliesRelu: expected.appliesRelu, isTraining: false, channelBlock: channelBlock)
      let mean = noise("running mean", Self.channels)
      let variance = noise("running variance", Self.channels).map { value in 1 + value }
      subject.record.mean.copy(from: mean.span)
      subject.record.variance.copy(from: variance.span)
      let output = try subject.forward(subject.input, subject.scale, subject.shift)
      #expect(expected.inference.error(of: output) < 2e-6, "ReLU: \(expected.appliesRelu)")
    }
  }

  // Steps of 1/128 leave 10⁻⁵ of rounding and 10⁻⁴ of curvature. Outputs within 0.1 of the ReLU's kink carry no weight.
  @Test(arguments: [false, true])
  func gradientsMatchFiniteDifferences(appliesRelu: Bool) throws {
    let subject = try Subject(appliesRelu: appliesRelu)
    let beforeRelu = try Subject(appliesRelu: false).forward(subject.input, subject.scale, subject.shift)
    let weights =
      appliesRelu
      ? awayFromKinks(subject.outputGradient, beforeRelu: beforeRelu, margin: 0.1) : subject.outputGradient
    let gradients = try subject.backward(weights)
    let inputError = try gradientError(gradients.input, at: subject.input, step: 0x1p-7) { input in
      try dot(subject.forward(input, subject.scale, subject.shift), weights)
    }
    let scaleError = try gradientError(gradients.scale, at: subject.scale, step: 0x1p-7) { scale in
      try dot(subject.forward(subject.input, scale, subject.shift), weights)
    }
    let shiftError = try gradientError(gradients.shift, at: subject.shift, step: 0x1p-7) { shift in
      try dot(subject.forward(subject.input, subject.scale, shift), weights)
    }
    #expect(inputError < 1e-3)
    #expect(scaleError < 1e-3)
    #expect(shiftError < 1e-3)
  }

  private func values(_ tensor: Tensor) -> [Float] {
    unsafe tensor.withFloats { floats in unsafe Array(floats) }
  }
}
