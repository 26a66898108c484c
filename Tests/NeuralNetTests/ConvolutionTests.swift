import OneDNN
import Testing

/// Forward pass and both gradients in every layout of channels that the networks may use.
@Suite struct ConvolutionTests {
  private struct Case: Decodable {
    let inputChannels: Int
    let outputChannels: Int
    let stride: Int
    let output: Reference
    let weightGradient: Reference
    let inputGradient: Reference
  }

  /// A 3×3 convolution with the fixtures' input, weights and gradient of the output.
  private struct Subject {
    let bench: Bench
    let convolution: Convolution
    let input: [Float]
    let weights: [Float]
    let outputGradient: [Float]

    init(_ inputChannels: Int, _ outputChannels: Int, stride: Int, channelBlock: Int) throws {
      bench = try Bench()
      let geometry = Convolution.Geometry(
        // Three channels of an image do not fill a block.
        input: ActivationShape(
          batch: 2, channels: inputChannels, height: 8, width: 6, channelBlock: inputChannels == 3 ? 1 : channelBlock),
        outputChannels: outputChannels, kernel: 3, stride: stride, padding: 1, outputChannelBlock: channelBlock)
      convolution = try Convolution(bench.engine, bench.execution, geometry, .float32, passes: .training)
      input = noise("input", geometry.input.count)
      weights = noise("weights", outputChannels * inputChannels * 9)
      outputGradient = noise("output gradient", geometry.output.count)
    }

    func forward(_ input: [Float], _ weights: [Float]) throws -> [Float] {
      let geometry = convolution.geometry
      let output = try bench.tensor(geometry.output)
      try convolution.load(weights: weights.span)
      try convolution.forward(bench.tensor(geometry.input, input), into: output)
      return output.maps(geometry.output)
    }

    func backward() throws -> (weightGradient: [Float], inputGradient: [Float]) {
      let geometry = convolution.geometry
      try convolution.load(weights: weights.span)
      let outputGradient = try bench.tensor(geometry.output, outputGradient)
      var weightGradient = [Float](repeating: .nan, count: weights.count)
      var span = weightGradient.mutableSpan
      try convolution.weightGradient(
        input: bench.tensor(geometry.input, input), outputGradient: outputGradient, into: &span)
      let inputGradient = try bench.tensor(geometry.input)
      try convolution.inputGradient(outputGradient: outputGradient, into: inputGradient)
      return (weightGradient, inputGradient.maps(geometry.input))
    }
  }

  // Sums of at most 2·8·6·… products in float32: a few units of 2⁻²⁴ ≈ 6·10⁻⁸ each.
  @Test(arguments: [1, 8, 16])
  func matchesPyTorch(channelBlock: Int) throws {
    let cases: [Case] = try fixture("convolutions")
    for expected in cases {
      let subject = try Subject(
        expected.inputChannels, expected.outputChannels, stride: expected.stride, channelBlock: channelBlock)
      let name = "\(expected.inputChannels) to \(expected.outputChannels) channels, stride \(expected.stride)"
      let gradients = try subject.backward()
      #expect(try expected.output.error(of: subject.forward(subject.input, subject.weights)) < 1e-6, "\(name)")
      #expect(expected.weightGradient.error(of: gradients.weightGradient) < 1e-6, "\(name)")
      #expect(expected.inputGradient.error(of: gradients.inputGradient) < 1e-6, "\(name)")
    }
  }

  // Linear in the input and in the weights, so a step of 1 is exact but for rounding.
  @Test(arguments: [(3, 16, 1), (16, 16, 1), (16, 32, 2)])
  func gradientsMatchFiniteDifferences(inputChannels: Int, outputChannels: Int, stride: Int) throws {
    let subject = try Subject(inputChannels, outputChannels, stride: stride, channelBlock: 16)
    let gradients = try subject.backward()
    let weightError = try gradientError(gradients.weightGradient, at: subject.weights, step: 1) { weights in
      try dot(subject.forward(subject.input, weights), subject.outputGradient)
    }
    let inputError = try gradientError(gradients.inputGradient, at: subject.input, step: 1) { input in
      try dot(subject.forward(input, subject.weights), subject.outputGradient)
    }
    #expect(weightError < 1e-5)
    #expect(inputError < 1e-5)
  }

  // A kernel of ones counts its neighbours: 9 inside, 6 at the edges, 4 in the corners.
  @Test func onesCountNeighbours() throws {
    let subject = try Subject(16, 16, stride: 1, channelBlock: 16)
    let shape = subject.convolution.geometry.input
    let output = try subject.forward(
      [Float](repeating: 1 / 16, count: shape.count), [Float](repeating: 1, count: 16 * 16 * 9))
    for (index, value) in output.enumerated() {
      let column = index % shape.width
      let row = index / shape.width % shape.height
      let columns: Float = column == 0 || column == shape.width - 1 ? 2 : 3
      let rows: Float = row == 0 || row == shape.height - 1 ? 2 : 3
      #expect(value == rows * columns)
    }
  }
}
