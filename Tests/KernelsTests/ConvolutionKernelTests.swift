import Kernels
import TestSupport
import Testing

/// The convolutions of every path against sums in float64.
@Suite struct ConvolutionKernelTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var images = 2
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int
    var kernel = 3
    var stride = 1
    var isWinograd = true

    var outputHeight: Int { (height + stride - 1) / stride }
    var outputWidth: Int { (width + stride - 1) / stride }

    func method(_ kernels: KernelTable) -> KernelConvolutionMethod { isWinograd ? kernels.winograd : kernels.patches }

    var testDescription: String {
      "\(isWinograd ? "Winograd" : "patches") \(images)×\(inputs)→\(outputs), \(height)×\(width), kernel \(kernel)/\(stride)"
    }

    /// Shapes that take different code paths through the kernels.
    ///
    /// In order: edges within a tile; one pixel; tiles exactly filled, and one vector of outputs in a panel of 16
    /// lanes; enough channels that weight gradients are transformed group by group; odd numbers of tiles in a row and
    /// in the batch; packed weights that exceed the caches. Then patches with every kernel and stride, odd sizes,
    /// source pixels that no output reads, several groups of pixels, more inputs than pixels, and several chunks of
    /// pixels and of outputs, the last ones not full.
    static let all = [
      Shape(inputs: 32, outputs: 48, height: 7, width: 9), Shape(inputs: 16, outputs: 32, height: 1, width: 1),
      Shape(images: 3, inputs: 16, outputs: 16, height: 8, width: 4),
      Shape(images: 1, inputs: 160, outputs: 128, height: 6, width: 5),
      Shape(images: 5, inputs: 16, outputs: 32, height: 4, width: 4),
      Shape(images: 3, inputs: 32, outputs: 16, height: 9, width: 11),
      Shape(images: 1, inputs: 256, outputs: 256, height: 3, width: 4),
      Shape(inputs: 32, outputs: 48, height: 7, width: 9, kernel: 1, isWinograd: false),
      Shape(inputs: 16, outputs: 16, height: 1, width: 1, kernel: 1, isWinograd: false),
      Shape(images: 3, inputs: 48, outputs: 32, height: 13, width: 11, kernel: 1, stride: 2, isWinograd: false),
      Shape(images: 5, inputs: 16, outputs: 32, height: 12, width: 10, stride: 2, isWinograd: false),
      Shape(inputs: 32, outputs: 16, height: 7, width: 5, stride: 2, isWinograd: false),
      Shape(images: 1, inputs: 16, outputs: 32, height: 1, width: 2, stride: 2, isWinograd: false),
      Shape(images: 1, inputs: 160, outputs: 128, height: 3, width: 3, isWinograd: false),
      Shape(images: 3, inputs: 80, outputs: 272, height: 13, width: 15, kernel: 1, isWinograd: false),
    ]
  }

  /// One convolution: numbers that bfloat16 holds exactly, and what a direct convolution makes of them.
  private struct Subject {
    let shape: Shape
    let input: [Float]
    let weights: [Float]
    let outputGradient: [Float]

    init(_ shape: Shape) {
      self.shape = shape
      var numbers = TestNumbers(seed: 13)
      func draw(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(Int.random(in: -128...128, using: &numbers)) / 128 }
      }
      input = draw(shape.images * shape.height * shape.width * shape.inputs)
      outputGradient = draw(shape.images * shape.outputHeight * shape.outputWidth * shape.outputs)
      weights = draw(shape.outputs * shape.inputs * shape.kernel * shape.kernel)
    }

    /// The index of a number of `[image][channel / 16][pixel][channel % 16]`.
    func place(_ image: Int, _ channel: Int, _ channels: Int, _ pixel: Int, of pixels: Int) -> Int {
      ((image * (channels / 16) + channel / 16) * pixels + pixel) * 16 + channel % 16
    }

    /// The index of an output.
    func outputPlace(_ image: Int, _ channel: Int, _ pixel: Int) -> Int {
      place(image, channel, shape.outputs, pixel, of: shape.outputHeight * shape.outputWidth)
    }

    /// Visits all products of the convolution: places of output, input and weight.
    func forEachProduct(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
      for image in 0..<shape.images {
        for output in 0..<shape.outputs {
          for pixel in 0..<shape.outputHeight * shape.outputWidth {
            let (row, column) = (pixel / shape.outputWidth, pixel % shape.outputWidth)
            for tap in 0..<shape.kernel * shape.kernel {
              let y = row * shape.stride + tap / shape.kernel - shape.kernel / 2
              let x = column * shape.stride + tap % shape.kernel - shape.kernel / 2
              guard y >= 0, y < shape.height, x >= 0, x < shape.width else { continue }
              for input in 0..<shape.inputs {
                body(
                  outputPlace(image, output, pixel),
                  place(image, input, shape.inputs, y * shape.width + x, of: shape.height * shape.width),
                  (output * shape.inputs + input) * shape.kernel * shape.kernel + tap)
              }
            }
          }
        }
      }
    }

    func kernelShape(_ products: KernelElement, isBackward: Bool = false) -> KernelConvolution {
      KernelConvolution(
        images: Int32(shape.images), inputs: Int32(isBackward ? shape.outputs : shape.inputs),
        outputs: Int32(isBackward ? shape.inputs : shape.outputs), height: Int32(shape.height),
        width: Int32(shape.width), block: 16, kernel: Int32(shape.kernel), stride: Int32(shape.stride),
        is_transposed: isBackward ? 1 : 0, products: products)
    }
  }

  /// Element type and type of the products, with the bounds of the relative errors (root mean square) of outputs and
  /// weight gradients.
  ///
  /// float32: Winograd's transforms, 6·10⁻⁷. bfloat16 outputs: rounding, 2⁻⁹/√3. bfloat16 products: 1 %
  /// (winograd_transforms.h).
  struct Numbers: Sendable, CustomTestStringConvertible {
    let element: KernelElement
    let products: KernelElement
    let outputBound: Double
    let gradientBound: Double

    var testDescription: String { "elements \(element.rawValue), products \(products.rawValue)" }

    static let all = [
      Numbers(element: KERNEL_FLOAT32, products: KERNEL_FLOAT32, outputBound: 2e-6, gradientBound: 2e-6),
      Numbers(element: KERNEL_BFLOAT16, products: KERNEL_FLOAT32, outputBound: 2e-3, gradientBound: 2e-6),
      Numbers(element: KERNEL_BFLOAT16, products: KERNEL_BFLOAT16, outputBound: 2e-2, gradientBound: 2e-2),
    ]
  }

  private func convolve(
    _ tested: TestedPath, _ subject: Subject, _ numbers: Numbers, isBackward: Bool, sums: inout [Double]
  ) -> [Float] {
    let kernels = tested.kernels
    let shape = subject.kernelShape(numbers.products, isBackward: isBackward)
    let source = FeatureMapBytes(isBackward ? subject.outputGradient : subject.input, numbers.element)
    var result = FeatureMapBytes(
      [Float](repeating: .nan, count: isBackward ? subject.input.count : subject.outputGradient.count), numbers.element)
    let method = subject.shape.method(kernels)
    // Aligned to cache lines, as in the program: only then are packed weights written past the caches.
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: method.weight_count(shape) * MemoryLayout<Float>.size, alignment: 64)
    defer { unsafe memory.deallocate() }
    let packed = unsafe memory.bindMemory(to: Float.self)
    guard let weights = packed.baseAddress else { return [] }
    var scratch = [Float](repeating: 0, count: method.scratch_count(shape))
    unsafe method.pack_weights(shape, subject.weights, weights)
    unsafe method.convolve(shape, numbers.element, source.bytes, weights, &result.bytes, &scratch, &sums)
    return result.values
  }

  @Test(arguments: TestedPath.all, Shape.all)
  func `outputs and their sums are those of the definition`(tested: TestedPath, shape: Shape) {
    let subject = Subject(shape)
    var expected = [Double](repeating: 0, count: subject.outputGradient.count)
    subject.forEachProduct { output, input, weight in
      expected[output] += Double(subject.input[input]) * Double(subject.weights[weight])
    }
    var expectedSums = [Double](repeating: 0, count: 2 * shape.outputs)
    for channel in 0..<shape.outputs {
      for image in 0..<shape.images {
        for pixel in 0..<shape.outputHeight * shape.outputWidth {
          let value = expected[subject.outputPlace(image, channel, pixel)]
          expectedSums[channel] += value
          expectedSums[shape.outputs + channel] += value * value
        }
      }
    }
    for numbers in Numbers.all {
      var sums = [Double](repeating: 0, count: 2 * shape.outputs)
      let outputs = convolve(tested, subject, numbers, isBackward: false, sums: &sums)
      #expect(relativeError(outputs, expected) < numbers.outputBound, "\(numbers.testDescription)")
      // Sums are taken before the rounding to bfloat16.
      #expect(
        relativeError(sums.map(Float.init), expectedSums) < 5 * numbers.gradientBound, "\(numbers.testDescription)")
    }
  }

  @Test(arguments: TestedPath.all, Shape.all)
  func `transposed, it is the gradient of the input`(tested: TestedPath, shape: Shape) {
    let subject = Subject(shape)
    var expected = [Double](repeating: 0, count: subject.input.count)
    subject.forEachProduct { output, input, weight in
      expected[input] += Double(subject.outputGradient[output]) * Double(subject.weights[weight])
    }
    for numbers in Numbers.all {
      var sums = [Double](repeating: 0, count: 2 * shape.inputs)
      let gradient = convolve(tested, subject, numbers, isBackward: true, sums: &sums)
      #expect(relativeError(gradient, expected) < numbers.outputBound, "\(numbers.testDescription)")
    }
  }

  @Test(arguments: TestedPath.all, Shape.all)
  func `weight gradients are those of the definition`(tested: TestedPath, shape: Shape) {
    let subject = Subject(shape)
    var expected = [Double](repeating: 0, count: subject.weights.count)
    subject.forEachProduct { output, input, weight in
      expected[weight] += Double(subject.outputGradient[output]) * Double(subject.input[input])
    }
    for numbers in Numbers.all {
      let kernels = tested.kernels
      let kernelShape = subject.kernelShape(numbers.products)
      var gradient = [Float](repeating: .nan, count: subject.weights.count)
      let method = shape.method(kernels)
      var scratch = [Float](repeating: 0, count: method.scratch_count(kernelShape))
      // Scratch memory of weight gradients need not be zero.
      var sums = [Float](repeating: .nan, count: method.gradient_count(kernelShape))
      unsafe method.weight_gradient(
        kernelShape, numbers.element, FeatureMapBytes(subject.input, numbers.element).bytes,
        FeatureMapBytes(subject.outputGradient, numbers.element).bytes, &sums, &scratch, &gradient)
      // Products of patches of bfloat16 numbers are exact.
      let bound = shape.isWinograd ? numbers.gradientBound : 2e-6
      #expect(relativeError(gradient, expected) < bound, "\(numbers.testDescription)")
    }
  }
}
