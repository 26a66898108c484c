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
    /// Matrix products of weights with gathered patches, in float32.
    case patches
  }

  private let forwardShape: KernelConvolution
  private let element: KernelElement
  private let functions: KernelConvolutionMethod
  private let scratch: ConvolutionScratch
  private let isTraining: Bool
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
    let block = geometry.input.channelBlock
    let isBlocked =
      block == geometry.outputChannelBlock && block.isMultiple(of: FeatureMapKernels.preferredChannelBlock)
      && geometry.input.channels.isMultiple(of: block) && geometry.outputChannels.isMultiple(of: block)
    guard isBlocked, geometry.padding == geometry.kernel / 2 else { return nil }
    // Weights of Winograd's method are four times as large; for more channels, the memory is not worth the time.
    let isNarrow = max(geometry.input.channels, geometry.outputChannels) <= 512
    if geometry.kernel == 3, geometry.stride == 1, isNarrow, areUsed(for: precision, hasTiles: hasTiles) {
      return .winograd
    }
    let isSupported = [1, 3].contains(geometry.kernel) && [1, 2].contains(geometry.stride)
    return isSupported && precision == .bfloat16 && path == KERNEL_PATH_AVX512_BFLOAT16_MAPS ? .patches : nil
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
    let input = geometry.input
    forwardShape = KernelConvolution(
      images: Int32(input.batch), inputs: Int32(input.channels), outputs: Int32(geometry.outputChannels),
      height: Int32(input.height), width: Int32(input.width), block: Int32(input.channelBlock),
      kernel: Int32(geometry.kernel), stride: Int32(geometry.stride), is_transposed: 0,
      products: KernelElement(products))
    element = KernelElement(precision)
    let table = unsafe kernels_of(path).pointee
    functions =
      switch method {
      case .winograd: table.winograd
      case .patches: table.patches
      }
    self.scratch = scratch
    self.isTraining = isTraining
    self.weightMemory = weightMemory
    let weightByteCount = functions.weight_count(forwardShape) * MemoryLayout<Float>.size
    weightMemory.forward.reserve(weightByteCount)
    weightMemory.inputGradient.reserve(isTraining ? weightByteCount : 0)
    let shapes = isTraining ? [forwardShape, backwardShape] : [forwardShape]
    scratch.reserve(
      pass: shapes.map { shape in functions.scratch_count(shape) }.max() ?? 0,
      weightGradient: isTraining ? functions.gradient_count(forwardShape) : 0)
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
      if isTraining, uses.contains(.inputGradient) {
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

  /// Computes the gradient of the weights, row-major.
  public func weightGradient(input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>) {
    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
      guard let gradient = gradient.baseAddress else { return }
      unsafe functions.weight_gradient(
        forwardShape, element, input.address, outputGradient.address, scratch.weightGradient.floats,
        scratch.pass.floats,
        gradient)
    }
  }

  /// Computes the gradient of the input.
  public func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) {
    precondition(isTraining, "the convolution was made for inference")
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
  fileprivate let pass = DeferredMemory()
  fileprivate let weightGradient: DeferredMemory

  /// Creates scratch memory of size 0, which convolutions extend as needed.
  ///
  /// - Parameter gradient: The memory for weight gradients, which other convolutions may use between passes.
  public init(gradient: DeferredMemory = DeferredMemory()) {
    weightGradient = gradient
  }

  fileprivate func reserve(pass passCount: Int, weightGradient weightCount: Int) {
    pass.reserve(passCount * MemoryLayout<Float>.size)
    weightGradient.reserve(weightCount * MemoryLayout<Float>.size)
  }
}

extension DeferredMemory {
  /// The address of the memory as float32 elements.
  @unsafe fileprivate var floats: UnsafeMutablePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }
}
