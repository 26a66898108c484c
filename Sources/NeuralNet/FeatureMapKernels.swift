import Kernels
import OneDNN

/// The C functions for feature maps of one shape, for one instruction set, with tensors as arguments.
///
/// All tensors must have the shape and precision given to the initializer.
@safe
public struct FeatureMapKernels: Sendable {
  // Tables of functions are constants of the program.
  nonisolated(unsafe) let table: UnsafePointer<KernelTable>
  let element: KernelElement
  private let maps: KernelMaps

  /// Creates the functions for one shape, for the best instruction set of this CPU or a given one.
  public init(_ shape: ActivationShape, _ precision: Precision, path: KernelPath = kernels_best_path()) {
    unsafe table = unsafe kernels_of(path)
    element = KernelElement(precision)
    maps = KernelMaps(
      images: Int32(shape.batch), channels: Int32(shape.channels), pixels: Int32(shape.height * shape.width),
      block: Int32(shape.channelBlock))
  }

  /// The number of neighboring channels in memory that the best instruction set of this CPU processes at once.
  public static var preferredChannelBlock: Int { unsafe Int(kernels_of(kernels_best_path()).pointee.lanes) }

  /// Adds Σ y and Σ y² of each channel to `sums`, `[2, channels]`.
  func addChannelSums(of y: Tensor, to sums: inout [Double]) {
    unsafe table.pointee.channel_sums(maps, element, y.address, &sums)
  }

  /// Computes output ← max(0, scale · y + shift).
  func normalizeRelu(_ y: Tensor, scale: [Float], shift: [Float], into output: Tensor) {
    unsafe table.pointee.normalize_relu(maps, element, y.address, scale, shift, output.address)
  }

  /// Computes output ← max(0, scale · y + shift + shortcut).
  func normalizeAddRelu(_ y: Tensor, scale: [Float], shift: [Float], shortcut: Tensor, into output: Tensor) {
    unsafe table.pointee.normalize_add_relu(
      maps, element, y.address, scale, shift, shortcut.address, nil, nil, output.address)
  }

  /// Computes output ← max(0, scale · y + shift + shortcutScale · shortcut + shortcutShift).
  func normalizeAddRelu(
    _ y: Tensor, scale: [Float], shift: [Float], shortcut: Tensor, shortcutScale: [Float], shortcutShift: [Float],
    into output: Tensor
  ) {
    unsafe table.pointee.normalize_add_relu(
      maps, element, y.address, scale, shift, shortcut.address, shortcutScale, shortcutShift, output.address)
  }

  /// Computes masked ← gradient + addend where scale · y + shift is positive, else 0.
  ///
  /// Adds Σ masked and Σ masked · (y − mean) to `sums`. `y` is the normalization's input.
  func reluGradient(
    _ gradient: Tensor, addend: Tensor?, y: Tensor, scale: [Float], shift: [Float], mean: [Float],
    into masked: Tensor, sums: inout [Double]
  ) {
    unsafe table.pointee.relu_gradient(
      maps, element, gradient.address, addend?.address, nil, y.address, scale, shift, mean, masked.address, &sums)
  }

  /// Computes masked ← gradient + addend where `output` is positive, else 0.
  ///
  /// Adds Σ masked and Σ masked · (y − mean) to `sums`. `y` is the normalization's input, with the
  /// given mean of each channel.
  func reluGradient(
    _ gradient: Tensor, addend: Tensor?, output: Tensor, y: Tensor, mean: [Float], into masked: Tensor,
    sums: inout [Double]
  ) {
    unsafe table.pointee.relu_gradient(
      maps, element, gradient.address, addend?.address, output.address, y.address, nil, nil, mean, masked.address,
      &sums)
  }

  /// Adds Σ gradient and Σ gradient · (y − mean) of each channel to `sums`; `y` is the normalization's input.
  func addGradientSums(of gradient: Tensor, y: Tensor, mean: [Float], to sums: inout [Double]) {
    unsafe table.pointee.gradient_sums(maps, element, gradient.address, y.address, mean, &sums)
  }

  /// Computes result ← a · gradient + b · y + c.
  func normalizeGradient(_ gradient: Tensor, y: Tensor, a: [Float], b: [Float], c: [Float], into result: Tensor) {
    unsafe table.pointee.normalize_gradient(maps, element, gradient.address, y.address, a, b, c, result.address)
  }

  /// Computes sum ← sum + addend, as 1 · sum + 1 · addend + 0 by the C function for normalization gradients.
  func add(_ addend: Tensor, to sum: Tensor) {
    let ones = [Float](repeating: 1, count: Int(maps.channels))
    let zeros = [Float](repeating: 0, count: Int(maps.channels))
    normalizeGradient(sum, y: addend, a: ones, b: ones, c: zeros, into: sum)
  }
}

extension KernelElement {
  init(_ precision: Precision) {
    switch precision {
    case .float32: self = KERNEL_FLOAT32
    case .bfloat16: self = KERNEL_BFLOAT16
    }
  }
}
