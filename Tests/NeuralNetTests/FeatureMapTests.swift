import NeuralNet
import OneDNN
import Testing

/// Subsampling and averaging of feature maps: shortcut, pooling.
@Suite struct FeatureMapTests {
  private struct Fixture: Decodable {
    struct Layer: Decodable {
      let output: Reference
      let inputGradient: Reference
    }

    struct Shortcut: Decodable {
      let inputChannels: Int
      let outputChannels: Int
      let height: Int
      let width: Int
      let output: Reference
      let inputGradient: Reference
    }

    struct MaxPooling: Decodable {
      let height: Int
      let width: Int
      let output: Reference
      let inputGradient: Reference
    }

    let pooling: Layer
    let maxPooling: [MaxPooling]
    let shortcuts: [Shortcut]
  }

  private func content() throws -> Fixture { try fixture("layers") }

  // MARK: - Shortcut

  private struct Shortcut {
    let bench: Bench
    let input: ActivationShape
    let output: ActivationShape
    let operation: ZeroPaddedShortcut

    init(_ inputChannels: Int, _ outputChannels: Int, height: Int = 8, width: Int = 6, channelBlock: Int) throws {
      bench = try Bench()
      input = ActivationShape(
        batch: 2, channels: inputChannels, height: height, width: width, channelBlock: channelBlock)
      output = ActivationShape(
        batch: 2, channels: outputChannels, height: (height + 1) / 2, width: (width + 1) / 2,
        channelBlock: channelBlock)
      operation = ZeroPaddedShortcut(input: input, output: output, stride: 2, .float32)
    }

    func forward(_ values: [Float]) throws -> [Float] {
      let result = try bench.tensor(output)
      try operation.forward(bench.tensor(input, values), into: result)
      return result.maps(output)
    }

    func backward(_ outputGradient: [Float]) throws -> [Float] {
      let result = try bench.tensor(input)
      try operation.backward(outputGradient: bench.tensor(output, outputGradient), into: result)
      return result.maps(input)
    }
  }

  @Test(arguments: [1, 8, 16])
  func `the shortcut matches PyTorch`(channelBlock: Int) throws {
    for expected in try content().shortcuts {
      let shortcut = try Shortcut(
        expected.inputChannels, expected.outputChannels, height: expected.height, width: expected.width,
        channelBlock: channelBlock)
      let output = try shortcut.forward(noise("input", shortcut.input.count))
      #expect(expected.output.error(of: output) < 2e-7, "\(expected.inputChannels) channels")
      let gradient = try shortcut.backward(noise("output gradient", shortcut.output.count))
      #expect(expected.inputGradient.error(of: gradient) < 2e-7, "\(expected.inputChannels) channels")
    }
  }

  // Linear and a copy, so a step of 1 is exact but for the rounding of the steps.
  @Test(arguments: [1, 8, 16])
  func `the shortcut's gradient matches finite differences`(channelBlock: Int) throws {
    let shortcut = try Shortcut(16, 32, channelBlock: channelBlock)
    let weights = noise("output gradient", shortcut.output.count)
    let error = try gradientError(
      shortcut.backward(weights), at: noise("input", shortcut.input.count), step: 1
    ) { input in
      try dot(shortcut.forward(input), weights)
    }
    #expect(error < 1e-12)
  }

  // MARK: - Pooling

  private struct Pooling {
    let bench: Bench
    let shape: ActivationShape
    let pooling: GlobalAveragePooling

    init(channelBlock: Int) throws {
      bench = try Bench()
      shape = ActivationShape(batch: 3, channels: 16, height: 4, width: 6, channelBlock: channelBlock)
      pooling = try GlobalAveragePooling(bench.engine, bench.execution, shape, .float32, isTraining: true)
    }

    func forward(_ values: [Float]) throws -> [Float] {
      var output = [Float](repeating: .nan, count: shape.batch * shape.channels)
      var span = output.mutableSpan
      try pooling.forward(bench.tensor(shape, values), into: &span)
      return output
    }

    func backward(_ outputGradient: [Float]) throws -> [Float] {
      let inputGradient = try bench.tensor(shape)
      try pooling.backward(outputGradient: outputGradient.span, into: inputGradient)
      return inputGradient.maps(shape)
    }
  }

  @Test(arguments: [1, 8, 16])
  func `pooling matches PyTorch`(channelBlock: Int) throws {
    let expected = try content().pooling
    let pooling = try Pooling(channelBlock: channelBlock)
    #expect(try expected.output.error(of: pooling.forward(noise("input", pooling.shape.count))) < 1e-6)
    let gradient = try pooling.backward(noise("output gradient", pooling.shape.batch * pooling.shape.channels))
    #expect(expected.inputGradient.error(of: gradient) < 1e-6)
  }

  // Linear, so a step of 1 is exact but for rounding.
  @Test func `pooling's gradient matches finite differences`() throws {
    let pooling = try Pooling(channelBlock: 16)
    let weights = noise("output gradient", pooling.shape.batch * pooling.shape.channels)
    let error = try gradientError(
      pooling.backward(weights), at: noise("input", pooling.shape.count), step: 1
    ) { input in
      try dot(pooling.forward(input), weights)
    }
    #expect(error < 1e-5)
  }

  // MARK: - Max pooling

  // Copies, so the values are PyTorch's own; sums of up to four gradients.
  @Test(arguments: [8, 16], [Precision.float32, .bfloat16])
  func `max pooling matches PyTorch`(channelBlock: Int, precision: Precision) throws {
    // bfloat16 rounds every number to 8 bits.
    let tolerance = precision == .float32 ? 2e-7 : 2e-2
    for expected in try content().maxPooling {
      let bench = try Bench()
      let shape = ActivationShape(
        batch: 2, channels: 16, height: expected.height, width: expected.width, channelBlock: channelBlock)
      let pooling = try MaxPooling(
        bench.engine, bench.execution, shape, precision, kernel: 3, stride: 2, padding: 1, isTraining: true)
      func tensor(_ shape: ActivationShape, _ values: [Float]) throws -> Tensor {
        precision == .float32 ? try bench.tensor(shape, values) : try bench.bfloat16Tensor(shape, values)
      }
      func maps(_ tensor: Tensor, _ shape: ActivationShape) throws -> [Float] {
        precision == .float32 ? tensor.maps(shape) : try bench.maps(tensor, shape)
      }
      let output = try Tensor(bench.engine, pooling.outputShape, precision)
      try pooling.forward(tensor(shape, noise("input", shape.count)), into: output)
      #expect(try expected.output.error(of: maps(output, pooling.outputShape)) < tolerance, "\(expected.height)")
      let inputGradient = try Tensor(bench.engine, shape, precision)
      try pooling.backward(
        outputGradient: tensor(pooling.outputShape, noise("output gradient", pooling.outputShape.count)),
        into: inputGradient)
      #expect(try expected.inputGradient.error(of: maps(inputGradient, shape)) < tolerance, "\(expected.height)")
    }
  }
}
