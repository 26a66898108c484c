import Kernels
import NeuralNet
import OneDNN
import TestSupport
import Testing

/// PyTorch's results for one 3×3 convolution.
private struct ConvolutionCase: Decodable {
  let inputChannels: Int
  let outputChannels: Int
  let stride: Int
  let output: Reference
  let weightGradient: Reference
  let inputGradient: Reference
}

/// Forward pass and both gradients in every layout of channels that the networks may use.
@Suite struct ConvolutionTests {
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

  // A sum of n products in float32, in whatever order, errs by about √n · 2⁻²⁴ of its terms: libraries differ in the
  // order.
  @Test(arguments: [1, 8, 16])
  func `direct convolutions match PyTorch in every channel block`(channelBlock: Int) throws {
    let cases: [ConvolutionCase] = try fixture("convolutions")
    for expected in cases {
      let subject = try Subject(
        expected.inputChannels, expected.outputChannels, stride: expected.stride, channelBlock: channelBlock)
      let name = "\(expected.inputChannels) to \(expected.outputChannels) channels, stride \(expected.stride)"
      let gradients = try subject.backward()
      let unit = 0x1p-24
      let forwardBound = Double(9 * expected.inputChannels).squareRoot() * unit
      let backwardBound = Double(9 * expected.outputChannels).squareRoot() * unit
      #expect(
        try expected.output.error(of: subject.forward(subject.input, subject.weights)) < forwardBound, "\(name)")
      #expect(expected.weightGradient.error(of: gradients.weightGradient) < 1e-6, "\(name)")
      #expect(expected.inputGradient.error(of: gradients.inputGradient) < backwardBound, "\(name)")
    }
  }

  // Linear in the input and in the weights, so a step of 1 is exact but for rounding.
  @Test(arguments: [(3, 16, 1), (16, 16, 1), (16, 32, 2)])
  func `gradients match finite differences`(inputChannels: Int, outputChannels: Int, stride: Int) throws {
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

  // A kernel of ones counts its neighbors: 9 inside, 6 at the edges, 4 in the corners.
  @Test func `a convolution of ones counts neighbors`() throws {
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

/// The method by which a convolution is computed.
@Suite struct ConvolutionMethodTests {
  private func geometry(inputs: Int = 32, outputs: Int = 64, kernel: Int, stride: Int) -> Convolution.Geometry {
    let block = FeatureMapKernels.preferredChannelBlock
    return Convolution.Geometry(
      input: ActivationShape(
        batch: 2, channels: inputs, height: 8, width: 8, channelBlock: inputs.isMultiple(of: block) ? block : 1),
      outputChannels: outputs, kernel: kernel, stride: stride, padding: kernel / 2, outputChannelBlock: block)
  }

  private func method(
    _ precision: Precision, _ path: KernelPath, inputs: Int = 32, outputs: Int = 64, kernel: Int, stride: Int,
    hasTiles: Bool = false
  ) -> ConvolutionKernels.Method? {
    ConvolutionKernels.method(
      for: geometry(inputs: inputs, outputs: outputs, kernel: kernel, stride: stride), precision, path: path,
      hasTiles: hasTiles)
  }

  @Test func `weight gradients by patches are for wide layers that are multiplied in bfloat16`() {
    func method(
      _ geometry: Convolution.Geometry, _ precision: Precision = .bfloat16,
      _ path: KernelPath = KERNEL_PATH_AVX512_BFLOAT16, hasTiles: Bool = false
    ) -> ConvolutionKernels.Method? {
      ConvolutionKernels.weightGradientMethod(for: geometry, precision, path: path, hasTiles: hasTiles)
    }
    for (kernel, stride) in [(1, 1), (1, 2), (3, 2)] {
      let wide = geometry(inputs: 64, outputs: 128, kernel: kernel, stride: stride)
      #expect(method(wide) == .patches)
      #expect(method(wide, hasTiles: true) == nil)
      #expect(method(wide, .float32) == nil)
      #expect(method(wide, .bfloat16, KERNEL_PATH_AVX512_BFLOAT16_MAPS) == nil)
      #expect(method(geometry(inputs: 32, outputs: 64, kernel: kernel, stride: stride)) == nil)
    }
    #expect(method(geometry(inputs: 64, outputs: 64, kernel: 7, stride: 2)) == nil)
  }

  @Test func `patches are for bfloat16 maps that are multiplied in float32`() {
    for (kernel, stride) in [(1, 1), (1, 2), (3, 2)] {
      #expect(method(.bfloat16, KERNEL_PATH_AVX512_BFLOAT16_MAPS, kernel: kernel, stride: stride) == .patches)
      #expect(method(.float32, KERNEL_PATH_AVX512_BFLOAT16_MAPS, kernel: kernel, stride: stride) == nil)
      #expect(method(.bfloat16, KERNEL_PATH_AVX512_BFLOAT16, kernel: kernel, stride: stride) == nil)
    }
    // The stem has three channels and a large kernel.
    #expect(method(.bfloat16, KERNEL_PATH_AVX512_BFLOAT16_MAPS, inputs: 3, kernel: 3, stride: 1) == nil)
    #expect(method(.bfloat16, KERNEL_PATH_AVX512_BFLOAT16_MAPS, kernel: 7, stride: 2) == nil)
    #expect(method(.bfloat16, KERNEL_PATH_AVX512_BFLOAT16_MAPS, outputs: 1024, kernel: 3, stride: 1) == .patches)
  }

  @Test func `Winograd's method is for 3×3 with stride 1 unless there are tiles of bfloat16`() {
    for path in [KERNEL_PATH_BASELINE, KERNEL_PATH_AVX512_BFLOAT16_MAPS, KERNEL_PATH_AVX512_BFLOAT16] {
      #expect(method(.float32, path, kernel: 3, stride: 1, hasTiles: true) == .winograd)
      #expect(method(.bfloat16, path, kernel: 3, stride: 1) == .winograd)
      #expect(method(.bfloat16, path, kernel: 3, stride: 1, hasTiles: true) != .winograd)
    }
    #expect(method(.float32, KERNEL_PATH_AVX512, outputs: 1024, kernel: 3, stride: 1) == nil)
  }
}

/// Winograd's method on every path of this CPU, with edges that fill no tile.
@Suite struct WinogradConvolutionTests {
  /// A convolution with the numbers of the fixtures, or of another size.
  private struct Subject {
    let bench: Bench
    let geometry: Convolution.Geometry
    let convolution: ConvolutionKernels
    let precision: Precision
    let input: [Float]
    let weights: [Float]
    let outputGradient: [Float]

    init(
      _ inputChannels: Int, _ outputChannels: Int, _ path: KernelPath, channelBlock: Int = 16,
      batch: Int = 2, height: Int = 8, width: Int = 6, precision: Precision = .float32, products: Precision = .float32
    ) throws {
      bench = try Bench()
      self.precision = precision
      geometry = Convolution.Geometry(
        input: ActivationShape(
          batch: batch, channels: inputChannels, height: height, width: width, channelBlock: channelBlock),
        outputChannels: outputChannels, kernel: 3, stride: 1, padding: 1, outputChannelBlock: channelBlock)
      convolution = ConvolutionKernels(
        .winograd, geometry, precision, products: products, isTraining: true, scratch: ConvolutionScratch(), path: path)
      input = noise("input", geometry.input.count)
      weights = noise("weights", outputChannels * inputChannels * 9)
      outputGradient = noise("output gradient", geometry.output.count)
      convolution.load(weights: weights.span)
    }

    private func tensor(_ shape: ActivationShape, _ values: [Float]) throws -> Tensor {
      precision == .float32 ? try bench.tensor(shape, values) : try bench.bfloat16Tensor(shape, values)
    }

    private func maps(_ tensor: Tensor, _ shape: ActivationShape) throws -> [Float] {
      precision == .float32 ? tensor.maps(shape) : try bench.maps(tensor, shape)
    }

    func pass() throws -> (output: [Float], sums: [Double], weightGradient: [Float], inputGradient: [Float]) {
      let x = try tensor(geometry.input, input)
      let gradient = try tensor(geometry.output, outputGradient)
      let y = try Tensor(bench.engine, geometry.output, precision)
      var sums = [Double](repeating: 0, count: 2 * geometry.outputChannels)
      convolution.forward(x, into: y, sums: &sums)
      var weightGradient = [Float](repeating: .nan, count: weights.count)
      var span = weightGradient.mutableSpan
      convolution.weightGradient(input: x, outputGradient: gradient, into: &span)
      let inputGradient = try Tensor(bench.engine, geometry.input, precision)
      convolution.inputGradient(outputGradient: gradient, into: inputGradient)
      return (try maps(y, geometry.output), sums, weightGradient, try maps(inputGradient, geometry.input))
    }
  }

  // A tile's transforms lose about two bits more than direct sums: 6·10⁻⁷ of the result where 2⁻²⁴ is 6·10⁻⁸.
  @Test(arguments: TestedPath.all)
  func `Winograd convolutions match PyTorch`(tested: TestedPath) throws {
    let path = tested.path
    let cases: [ConvolutionCase] = try fixture("convolutions")
    for expected in cases where expected.stride == 1 && expected.inputChannels > 3 {
      for channelBlock in [8, 16] where channelBlock.isMultiple(of: Int(tested.kernels.lanes)) {
        let pass = try Subject(
          expected.inputChannels, expected.outputChannels, path, channelBlock: channelBlock
        ).pass()
        let name: Comment = "\(expected.inputChannels) to \(expected.outputChannels), blocks of \(channelBlock)"
        #expect(expected.output.error(of: pass.output) < 3e-6, name)
        #expect(expected.weightGradient.error(of: pass.weightGradient) < 3e-6, name)
        #expect(expected.inputGradient.error(of: pass.inputGradient) < 3e-6, name)
      }
    }
  }

  // Against oneDNN's direct convolution: several groups of tiles, a last group that is not full, images of 1×1 to 13×9
  // pixels.
  @Test(arguments: TestedPath.all)
  func `Winograd matches direct convolution`(tested: TestedPath) throws {
    let path = tested.path
    for (batch, height, width) in [(11, 13, 9), (3, 4, 4), (2, 1, 1), (1, 5, 32), (5, 16, 16)] {
      let subject = try Subject(32, 16, path, batch: batch, height: height, width: width)
      let pass = try subject.pass()
      let direct = try Convolution(
        subject.bench.engine, subject.bench.execution, subject.geometry, .float32, passes: .training)
      try direct.load(weights: subject.weights.span)
      let (input, output) = (subject.geometry.input, subject.geometry.output)
      let x = try subject.bench.tensor(input, subject.input)
      let gradient = try subject.bench.tensor(output, subject.outputGradient)
      let y = try subject.bench.tensor(output)
      try direct.forward(x, into: y)
      let inputGradient = try subject.bench.tensor(input)
      try direct.inputGradient(outputGradient: gradient, into: inputGradient)
      var weightGradient = [Float](repeating: .nan, count: subject.weights.count)
      var span = weightGradient.mutableSpan
      try direct.weightGradient(input: x, outputGradient: gradient, into: &span)
      let name: Comment = "\(batch) images of \(height)×\(width)"
      #expect(distance(pass.output, y.maps(output)) < 3e-6, name)
      #expect(distance(pass.inputGradient, inputGradient.maps(input)) < 3e-6, name)
      #expect(distance(pass.weightGradient, weightGradient) < 3e-6, name)
    }
  }

  @Test(arguments: TestedPath.all)
  func `sums are those of the output`(tested: TestedPath) throws {
    let path = tested.path
    let subject = try Subject(16, 32, path, batch: 5, height: 7, width: 6)
    let pass = try subject.pass()
    let pixels = 7 * 6
    for channel in 0..<32 {
      var (sum, squares) = (0.0, 0.0)
      for image in 0..<5 {
        for pixel in 0..<pixels {
          let value = Double(pass.output[(image * 32 + channel) * pixels + pixel])
          sum += value
          squares += value * value
        }
      }
      #expect(abs(pass.sums[channel] - sum) < 1e-5 * squares.squareRoot() * Double(5 * pixels).squareRoot())
      #expect(abs(pass.sums[32 + channel] - squares) < 1e-6 * squares)
    }
  }

  // Only what comes in and goes out is rounded to 8 bits: half a unit in 2⁸ at the most, 0.3 of that on average, and
  // twice for what passes through two roundings.
  @Test(arguments: TestedPath.all)
  func `bfloat16 rounds only input and output`(tested: TestedPath) throws {
    let path = tested.path
    let exact = try Subject(16, 32, path, batch: 3).pass()
    let rounded = try Subject(16, 32, path, batch: 3, precision: .bfloat16).pass()
    #expect(distance(rounded.output, exact.output) < 4e-3)
    #expect(distance(rounded.inputGradient, exact.inputGradient) < 4e-3)
    #expect(distance(rounded.weightGradient, exact.weightGradient) < 4e-3)
    #expect(distance(rounded.output, exact.output) > 1e-4, "nothing was rounded")
  }

  // The transforms enlarge the rounding of the factors: 1.1 % of outputs of independent terms, a little more for sums
  // of few.
  @Test(arguments: TestedPath.all)
  func `products in bfloat16 lose one percent`(tested: TestedPath) throws {
    let path = tested.path
    for (channels, batch, height, width) in [(48, 3, 8, 8), (32, 2, 13, 9), (16, 1, 4, 4), (160, 9, 8, 8)] {
      let exact = try Subject(
        channels, 144, path, batch: batch, height: height, width: width, precision: .bfloat16
      ).pass()
      let rounded = try Subject(
        channels, 144, path, batch: batch, height: height, width: width, precision: .bfloat16, products: .bfloat16
      ).pass()
      #expect(distance(rounded.output, exact.output) < 0.015)
      #expect(distance(rounded.inputGradient, exact.inputGradient) < 0.015)
      #expect(distance(rounded.weightGradient, exact.weightGradient) < 0.015)
      if path == KERNEL_PATH_AVX512_BFLOAT16 {
        #expect(distance(rounded.weightGradient, exact.weightGradient) > 1e-4, "nothing was rounded")
      }
    }
  }

  /// ‖first − second‖ / ‖second‖.
  private func distance(_ first: [Float], _ second: [Float]) -> Double {
    var (differences, squares) = (0.0, 0.0)
    for (first, second) in zip(first, second) {
      differences += (Double(first) - Double(second)) * (Double(first) - Double(second))
      squares += Double(second) * Double(second)
    }
    return (differences / squares).squareRoot()
  }
}
