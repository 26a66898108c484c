import Kernels
import OneDNN

/// The weight gradient of a convolution by the C functions in `Kernels`.
struct WeightGradientKernels {
  private let shape: KernelConvolution
  private let element: KernelElement
  private let functions: KernelConvolutionMethod
  private let scratch: ConvolutionScratch

  /// Prepares the gradient, and extends the scratch memory, which convolutions of one thread share, as needed.
  ///
  /// Parameters: those of ``ConvolutionKernels``.
  init(
    _ method: ConvolutionKernels.Method, _ geometry: Convolution.Geometry, _ precision: Precision, products: Precision,
    scratch: ConvolutionScratch, path: KernelPath = kernels_best_path()
  ) {
    shape = KernelConvolution(geometry, products: products)
    element = KernelElement(precision)
    functions = KernelConvolutionMethod(method, path)
    self.scratch = scratch
    scratch.reserve(pass: functions.scratch_count(shape), weightGradient: functions.gradient_count(shape))
  }

  /// Computes the gradient of the weights, row-major `[out, in, kernel, kernel]`.
  func compute(input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>) {
    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
      guard let gradient = gradient.baseAddress else { return }
      unsafe functions.weight_gradient(
        shape, element, input.address, outputGradient.address, scratch.weightGradient.floats, scratch.pass.floats,
        gradient)
    }
  }
}

extension KernelConvolutionMethod {
  /// Returns the functions of a method, compiled for one instruction set.
  init(_ method: ConvolutionKernels.Method, _ path: KernelPath) {
    let table = unsafe kernels_of(path).pointee
    self =
      switch method {
      case .winograd: table.winograd
      case .patches: table.patches
      }
  }
}

extension KernelConvolution {
  /// Describes the forward pass of a convolution.
  init(_ geometry: Convolution.Geometry, products: Precision) {
    let input = geometry.input
    self.init(
      images: Int32(input.batch), inputs: Int32(input.channels), outputs: Int32(geometry.outputChannels),
      height: Int32(input.height), width: Int32(input.width), block: Int32(input.channelBlock),
      kernel: Int32(geometry.kernel), stride: Int32(geometry.stride), is_transposed: 0,
      products: KernelElement(products))
  }
}
