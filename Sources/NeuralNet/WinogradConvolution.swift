import Kernels
import OneDNN

/// A 3×3 convolution with stride 1 by Winograd's method, which needs a quarter of the multiplications (Lavin and Gray
/// 2015).
///
/// Transforms and sums are float32 for any precision of the feature maps.
@safe
public final class WinogradConvolution {
  private let forwardShape: KernelConvolution
  private let element: KernelElement
  private let table: UnsafePointer<KernelTable>
  private let scratch: WinogradScratch
  private let isTraining: Bool
  /// The transformed weights, shared with the same convolution of other threads.
  public let weightMemory: PackedWeightMemory

  /// Returns true if the method is applicable to a convolution and faster than direct convolution.
  public static func suits(_ geometry: Convolution.Geometry) -> Bool {
    let channels = [geometry.input.channels, geometry.outputChannels]
    return geometry.kernel == 3 && geometry.stride == 1 && geometry.padding == 1
      && geometry.input.channelBlock == geometry.outputChannelBlock
      && channels.allSatisfy { count in
        // Transformed weights are four times as large as weights; for more channels, the memory is not worth the time.
        count.isMultiple(of: FeatureMapKernels.preferredChannelBlock) && count <= 512
      }
  }

  /// Prepares one convolution, and extends the scratch memory, which convolutions of one thread share, as needed.
  ///
  /// - Parameters:
  ///   - geometry: The shapes of the convolution, for which ``suits(_:)`` is true.
  ///   - precision: The data type of the feature maps.
  ///   - products: The data type of products: bfloat16 is twice as fast if the CPU has instructions for it, with an
  ///     error of 1 % of an output (root mean square); otherwise float32 is used.
  ///   - isTraining: True if gradients are computed.
  ///   - scratch: The scratch memory, used by one pass at a time and extended as needed.
  ///   - path: The instruction set of the C functions.
  ///   - weightMemory: The memory of the transformed weights, used only for this geometry and these data types.
  public init(
    _ geometry: Convolution.Geometry, _ precision: Precision, products: Precision, isTraining: Bool,
    scratch: WinogradScratch, path: KernelPath = kernels_best_path(),
    weightMemory: PackedWeightMemory = PackedWeightMemory()
  ) {
    let input = geometry.input
    forwardShape = KernelConvolution(
      images: Int32(input.batch), inputs: Int32(input.channels), outputs: Int32(geometry.outputChannels),
      height: Int32(input.height), width: Int32(input.width), block: Int32(input.channelBlock),
      products: KernelElement(products))
    element = KernelElement(precision)
    unsafe table = kernels_of(path)
    self.scratch = scratch
    self.isTraining = isTraining
    self.weightMemory = weightMemory
    let weightByteCount = unsafe table.pointee.winograd_weight_count(forwardShape) * MemoryLayout<Float>.size
    weightMemory.forward.reserve(weightByteCount)
    weightMemory.inputGradient.reserve(isTraining ? weightByteCount : 0)
    unsafe scratch.reserve(
      pass: table.pointee.winograd_scratch_count(forwardShape),
      weightGradient: isTraining ? table.pointee.winograd_gradient_count(forwardShape) : 0)
  }

  /// The shape of the convolution that computes the input gradient from the output gradient.
  private var backwardShape: KernelConvolution {
    var shape = forwardShape
    (shape.inputs, shape.outputs) = (shape.outputs, shape.inputs)
    return shape
  }

  /// Transforms new weights, row-major `[out, in, 3, 3]`, for some passes.
  public func load(weights: Span<Float>, for uses: WeightUses = .all) {
    weightMemory.beginLoading(uses)
    unsafe weights.withUnsafeBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      if uses.contains(.forward) {
        unsafe table.pointee.winograd_pack_weights(forwardShape, weights, 0, weightMemory.forward.floats)
      }
      if isTraining, uses.contains(.inputGradient) {
        unsafe table.pointee.winograd_pack_weights(backwardShape, weights, 1, weightMemory.inputGradient.floats)
      }
    }
  }

  /// Convolves `input`, and adds Σ y and Σ y² of each output channel to `sums`, `[2, out]`, unless `sums` is empty.
  public func forward(_ input: Tensor, into output: Tensor, sums: inout [Double]) {
    weightMemory.check(.forward)
    if sums.isEmpty {
      unsafe table.pointee.winograd_convolve(
        forwardShape, element, input.address, weightMemory.forward.floats, output.address, &scratch.pass, nil)
    } else {
      unsafe table.pointee.winograd_convolve(
        forwardShape, element, input.address, weightMemory.forward.floats, output.address, &scratch.pass, &sums)
    }
  }

  /// Computes the gradient of the weights, row-major.
  public func weightGradient(input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>) {
    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
      guard let gradient = gradient.baseAddress else { return }
      unsafe table.pointee.winograd_weight_gradient(
        forwardShape, element, input.address, outputGradient.address, scratch.weightGradient.floats, &scratch.pass,
        gradient)
    }
  }

  /// Computes the gradient of the input.
  public func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) {
    precondition(isTraining, "the convolution was made for inference")
    weightMemory.check(.inputGradient)
    unsafe table.pointee.winograd_convolve(
      backwardShape, element, outputGradient.address, weightMemory.inputGradient.floats, inputGradient.address,
      &scratch.pass, nil)
  }
}

/// The scratch memory of Winograd convolutions, shared by all convolutions of one thread.
public final class WinogradScratch {
  fileprivate var pass: [Float] = []
  fileprivate let weightGradient: DeferredMemory

  /// Creates scratch memory of size 0, which convolutions extend as needed.
  ///
  /// - Parameter gradient: The memory for weight gradients, which other convolutions may use between passes.
  public init(gradient: DeferredMemory = DeferredMemory()) {
    weightGradient = gradient
  }

  fileprivate func reserve(pass passCount: Int, weightGradient weightCount: Int) {
    if passCount > pass.count {
      pass = Array(repeating: 0, count: passCount)
    }
    weightGradient.reserve(weightCount * MemoryLayout<Float>.size)
  }
}

extension DeferredMemory {
  /// The address of the memory as float32 elements.
  @unsafe fileprivate var floats: UnsafeMutablePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }
}
