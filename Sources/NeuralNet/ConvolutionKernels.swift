import Kernels
import OneDNN

/// A convolution by the C functions in `Kernels`.
///
/// Sums are float32 for any precision of the feature maps.
@safe
public final class ConvolutionKernels {
  /// The method of a convolution.
  public enum Method: Sendable {
    /// Winograd's method for 3×3 convolutions with stride 1, which needs a quarter of the multiplications (Lavin and
    /// Gray 2015).
    case winograd
    /// Matrix products with gathered patches: of weights in float32, of output gradients in the type of the products.
    case patches
  }

  private let forwardShape: KernelConvolution
  private let element: KernelElement
  private let functions: KernelConvolutionMethod
  private let scratch: ConvolutionScratch
  private let gradient: WeightGradientKernels?
  /// The packed weights, shared with the same convolution of other threads.
  public let weightMemory: PackedWeightMemory

  /// Returns true if most convolutions are computed here: always, except in bfloat16 on CPUs with AMX tiles, whose
  /// direct products are faster.
  static func areUsed(for precision: Precision, hasTiles: Bool = InstructionSet.hasTiles) -> Bool {
    precision == .float32 || !hasTiles
  }

  /// Returns the faster method for a convolution.
  ///
  /// - Parameters:
  ///   - geometry: The shapes of the convolution.
  ///   - precision: The data type of the feature maps.
  ///   - path: The instruction set of the C functions.
  ///   - hasTiles: True if oneDNN multiplies bfloat16 matrix tiles (AMX).
  /// - Returns: The method, or `nil` if oneDNN's direct convolution is faster.
  public static func method(
    for geometry: Convolution.Geometry, _ precision: Precision, path: KernelPath = kernels_best_path(),
    hasTiles: Bool = InstructionSet.hasTiles
  ) -> Method? {
    guard isSupported(geometry) else { return nil }
    // Weights of Winograd's method are four times as large; for more channels, the memory is not worth the time.
    let isNarrow = max(geometry.input.channels, geometry.outputChannels) <= 512
    if geometry.kernel == 3, geometry.stride == 1, isNarrow, areUsed(for: precision, hasTiles: hasTiles) {
      return .winograd
    }
    return precision == .bfloat16 && path == KERNEL_PATH_AVX512_BFLOAT16_MAPS ? .patches : nil
  }

  /// Returns the faster method for the weight gradient of a convolution whose other passes are oneDNN's.
  ///
  /// Parameters: those of ``method(for:_:path:hasTiles:)``.
  ///
  /// - Returns: The method, or `nil` if oneDNN's weight gradient is faster.
  public static func weightGradientMethod(
    for geometry: Convolution.Geometry, _ precision: Precision, path: KernelPath = kernels_best_path(),
    hasTiles: Bool = InstructionSet.hasTiles
  ) -> Method? {
    // With few channels, gathering patches takes longer than multiplying them.
    let isWide = min(geometry.input.channels, geometry.outputChannels) >= 64
    return precision == .bfloat16 && path == KERNEL_PATH_AVX512_BFLOAT16 && !hasTiles && isWide
      && isSupported(geometry) ? .patches : nil
  }

  /// Returns true if the C functions compute a convolution with these shapes and orders in memory.
  private static func isSupported(_ geometry: Convolution.Geometry) -> Bool {
    let block = geometry.input.channelBlock
    let isBlocked =
      block == geometry.outputChannelBlock && block.isMultiple(of: FeatureMapKernels.preferredChannelBlock)
      && geometry.input.channels.isMultiple(of: block) && geometry.outputChannels.isMultiple(of: block)
    return isBlocked && geometry.padding == geometry.kernel / 2 && [1, 3].contains(geometry.kernel)
      && [1, 2].contains(geometry.stride)
  }

  /// Prepares one convolution, and extends the scratch memory, which convolutions of one thread share, as needed.
  ///
  /// - Parameters:
  ///   - method: The method, which has to support the geometry.
  ///   - geometry: The shapes of the convolution.
  ///   - precision: The data type of the feature maps.
  ///   - products: The data type of products: bfloat16 is twice as fast if the CPU has instructions for it, with an
  ///     error of 1 % of an output (root mean square); otherwise float32 is used.
  ///   - isTraining: True if gradients are computed.
  ///   - scratch: The scratch memory, used by one pass at a time and extended as needed.
  ///   - path: The instruction set of the C functions.
  ///   - weightMemory: The memory of the transformed weights, used only for this geometry and these data types.
  public init(
    _ method: Method, _ geometry: Convolution.Geometry, _ precision: Precision, products: Precision, isTraining: Bool,
    scratch: ConvolutionScratch, path: KernelPath = kernels_best_path(),
    weightMemory: PackedWeightMemory = PackedWeightMemory()
  ) {
    forwardShape = KernelConvolution(geometry, products: products)
    element = KernelElement(precision)
    functions = KernelConvolutionMethod(method, path)
    self.scratch = scratch
    gradient =
      isTraining
      ? WeightGradientKernels(method, geometry, precision, products: products, scratch: scratch, path: path) : nil
    self.weightMemory = weightMemory
    let weightByteCount = functions.weight_count(forwardShape) * MemoryLayout<Float>.size
    weightMemory.forward.reserve(weightByteCount)
    weightMemory.inputGradient.reserve(isTraining ? weightByteCount : 0)
    for shape in isTraining ? [forwardShape, backwardShape] : [forwardShape] {
      scratch.reserve(pass: functions.scratch_count(shape))
    }
  }

  /// The shape of the convolution that computes the input gradient from the output gradient.
  private var backwardShape: KernelConvolution {
    var shape = forwardShape
    (shape.inputs, shape.outputs) = (shape.outputs, shape.inputs)
    shape.is_transposed = 1
    return shape
  }

  /// Packs new weights, row-major `[out, in, kernel, kernel]`, for some passes.
  public func load(weights: Span<Float>, for uses: WeightUses = .all) {
    weightMemory.beginLoading(uses)
    unsafe weights.withUnsafeBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      if uses.contains(.forward) {
        unsafe functions.pack_weights(forwardShape, weights, weightMemory.forward.floats)
      }
      if gradient != nil, uses.contains(.inputGradient) {
        unsafe functions.pack_weights(backwardShape, weights, weightMemory.inputGradient.floats)
      }
    }
  }

  /// Convolves `input`, and adds Σ y and Σ y² of each output channel to `sums`, `[2, out]`, unless `sums` is empty.
  public func forward(_ input: Tensor, into output: Tensor, sums: inout [Double]) {
    weightMemory.check(.forward)
    if sums.isEmpty {
      unsafe functions.convolve(
        forwardShape, element, input.address, weightMemory.forward.floats, output.address, scratch.pass.floats, nil)
    } else {
      unsafe functions.convolve(
        forwardShape, element, input.address, weightMemory.forward.floats, output.address, scratch.pass.floats, &sums)
    }
  }

  /// Computes the gradient of the weights, row-major `[out, in, kernel, kernel]`.
  ///
  /// - Precondition: The convolution was made for training.
  public func weightGradient(input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>) {
    guard let kernels = self.gradient else { preconditionFailure("the convolution was made for inference") }
    kernels.compute(input: input, outputGradient: outputGradient, into: &gradient)
  }

  /// Computes the gradient of the input.
  public func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) {
    precondition(gradient != nil, "the convolution was made for inference")
    weightMemory.check(.inputGradient)
    unsafe functions.convolve(
      backwardShape, element, outputGradient.address, weightMemory.inputGradient.floats, inputGradient.address,
      scratch.pass.floats, nil)
  }
}

/// The scratch memory of ``ConvolutionKernels``, shared by all convolutions of one thread.
///
/// Vectors of 64 bytes at addresses that are no multiple of 64 cross cache lines, which makes convolutions a third
/// slower; Swift's arrays have such addresses.
public final class ConvolutionScratch {
  let pass = DeferredMemory()
  let weightGradient: DeferredMemory

  /// Creates scratch memory of size 0, which convolutions extend as needed.
  ///
  /// - Parameter gradient: The memory for weight gradients, which other convolutions may use between passes.
  public init(gradient: DeferredMemory = DeferredMemory()) {
    weightGradient = gradient
  }

  /// Extends the memory of one pass, and that of a weight gradient, to at least these numbers of floats.
  func reserve(pass passCount: Int, weightGradient weightCount: Int = 0) {
    pass.reserve(passCount * MemoryLayout<Float>.size)
    weightGradient.reserve(weightCount * MemoryLayout<Float>.size)
  }
}

extension DeferredMemory {
  /// The address of the memory as float32 elements.
  @unsafe var floats: UnsafeMutablePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }
}
