import NeuralNet
import OneDNN
import Testing

/// What joins, thins and averages feature maps: residual addition, shortcut, pooling.
@Suite struct FeatureMapTests {
  private struct Fixture: Decodable {
    struct Layer: Decodable {
      let output: Reference
      let inputGradient: Reference
    }

    struct Shortcut: Decodable {
      let inputChannels: Int
      let outputChannels: Int
      let output: Reference
      let inputGradient: Reference
    }

    let addition: Layer
    let pooling: Layer
    let shortcuts: [Shortcut]
  }

  private func content() throws -> Fixture { try fixture("layers") }

  // MARK: - Residual addition with ReLU

  /// relu(first + second) and its gradient with respect to either.
  private struct Sum {
    let bench: Bench
    let shape: ActivationShape
    let addition: Addition
    let relu: ReluBackward

    init(channelBlock: Int) throws {
      bench = try Bench()
      shape = ActivationShape(batch: 2, channels: 16, height: 4, width: 6, channelBlock: channelBlock)
      addition = try Addition(bench.engine, bench.execution, shape, .float32, appliesRelu: true)
      relu = try ReluBackward(bench.engine, bench.execution, shape, .float32)
    }

    func forward(_ first: [Float], _ second: [Float]) throws -> [Float] {
      let output = try bench.tensor(shape)
      try addition.forward(bench.tensor(shape, first), bench.tensor(shape, second), into: output)
      return output.maps(shape)
    }

    func backward(output: [Float], outputGradient: [Float]) throws -> [Float] {
      let inputGradient = try bench.tensor(shape)
      try relu.backward(
        output: bench.tensor(shape, output), outputGradient: bench.tensor(shape, outputGradient), into: inputGradient)
      return inputGradient.maps(shape)
    }
  }

  @Test(arguments: [1, 8, 16])
  func additionMatchesPyTorch(channelBlock: Int) throws {
    let expected = try content().addition
    let sum = try Sum(channelBlock: channelBlock)
    let output = try sum.forward(noise("first", sum.shape.count), noise("second", sum.shape.count))
    #expect(expected.output.error(of: output) < 2e-7)
    let gradient = try sum.backward(output: output, outputGradient: noise("output gradient", sum.shape.count))
    #expect(expected.inputGradient.error(of: gradient) < 2e-7)
  }

  // Linear away from the kink: with weights only where the sum is 1/16 from 0, steps of 1/64 are exact but for rounding.
  @Test func additionGradientMatchesFiniteDifferences() throws {
    let sum = try Sum(channelBlock: 16)
    let first = noise("first", sum.shape.count)
    let second = noise("second", sum.shape.count)
    let weights = awayFromKinks(
      noise("output gradient", sum.shape.count), beforeRelu: zip(first, second).map { first, second in first + second },
      margin: 0x1p-4)
    let gradient = try sum.backward(output: sum.forward(first, second), outputGradient: weights)
    let error = try gradientError(gradient, at: first, step: 0x1p-6) { first in
      try dot(sum.forward(first, second), weights)
    }
    #expect(error < 1e-4)
  }

  @Test func additionWithoutReluMayOverwriteItsFirstTerm() throws {
    let bench = try Bench()
    let shape = ActivationShape(batch: 2, channels: 16, height: 4, width: 6, channelBlock: 16)
    let addition = try Addition(bench.engine, bench.execution, shape, .float32, appliesRelu: false)
    let first = noise("first", shape.count)
    let second = noise("second", shape.count)
    let sum = try bench.tensor(shape, first)
    try addition.forward(sum, bench.tensor(shape, second), into: sum)
    #expect(sum.maps(shape) == zip(first, second).map { first, second in first + second })
  }

  // MARK: - Shortcut

  private struct Shortcut {
    let bench: Bench
    let input: ActivationShape
    let output: ActivationShape
    let operation: ZeroPaddedShortcut

    init(_ inputChannels: Int, _ outputChannels: Int, channelBlock: Int) throws {
      bench = try Bench()
      input = ActivationShape(batch: 2, channels: inputChannels, height: 8, width: 6, channelBlock: channelBlock)
      output = ActivationShape(batch: 2, channels: outputChannels, height: 4, width: 3, channelBlock: channelBlock)
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
  func shortcutMatchesPyTorch(channelBlock: Int) throws {
    for expected in try content().shortcuts {
      let shortcut = try Shortcut(expected.inputChannels, expected.outputChannels, channelBlock: channelBlock)
      let output = try shortcut.forward(noise("input", shortcut.input.count))
      #expect(expected.output.error(of: output) < 2e-7, "\(expected.inputChannels) channels")
      let gradient = try shortcut.backward(noise("output gradient", shortcut.output.count))
      #expect(expected.inputGradient.error(of: gradient) < 2e-7, "\(expected.inputChannels) channels")
    }
  }

  // Linear and a copy, so a step of 1 is exact but for the rounding of the steps.
  @Test(arguments: [1, 8, 16])
  func shortcutGradientMatchesFiniteDifferences(channelBlock: Int) throws {
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
  func poolingMatchesPyTorch(channelBlock: Int) throws {
    let expected = try content().pooling
    let pooling = try Pooling(channelBlock: channelBlock)
    #expect(try expected.output.error(of: pooling.forward(noise("input", pooling.shape.count))) < 1e-6)
    let gradient = try pooling.backward(noise("output gradient", pooling.shape.batch * pooling.shape.channels))
    #expect(expected.inputGradient.error(of: gradient) < 1e-6)
  }

  // Linear, so a step of 1 is exact but for rounding.
  @Test func poolingGradientMatchesFiniteDifferences() throws {
    let pooling = try Pooling(channelBlock: 16)
    let weights = noise("output gradient", pooling.shape.batch * pooling.shape.channels)
    let error = try gradientError(
      pooling.backward(weights), at: noise("input", pooling.shape.count), step: 1
    ) { input in
      try dot(pooling.forward(input), weights)
    }
    #expect(error < 1e-5)
  }
}
