import Kernels
import OneDNN

/// Batch normalization of feature maps, together with the ReLU after it (Ioffe and Szegedy 2015).
///
/// Per channel, over the n pixels of a batch: μ = Σy/n, v = Σy²/n − μ², x̂ = (y − μ)/√(v + ε), output = γ x̂ +
/// β = scale · y + shift. Backward, with g the gradient of the ReLU's input: ∂γ = Σ g x̂, ∂β = Σ g, ∂y = γ/√(v + ε) ·
/// (g − ∂β/n − x̂ ∂γ/n), which is again linear in g and y. Each direction therefore needs one pass for sums and one for
/// values; the convolutions and ReLUs that process the same maps compute the sums on the way.
public final class BatchNormalization {
  /// The mean and variance that normalize a batch, and the scale and shift that follow from them.
  public struct Statistics: Sendable {
    /// The mean of each channel.
    public var mean: [Float]
    /// The biased variance of each channel (the sum of squared deviations ÷ n).
    public var variance: [Float]
    /// The factor γ/√(v + ε) of each channel.
    var scale: [Float]
    /// The summand β − μ · scale of each channel.
    var shift: [Float]
    /// The number n of pixels per channel from which mean and variance were computed.
    var pixels: Double
  }

  /// Two sums per channel over a batch, such as Σ y and Σ y², `[2, channels]`, then the number n of pixels per channel.
  ///
  /// They are additive: the sums of the parts of a batch add up to the sums of the batch.
  public typealias Sums = [Double]

  /// The shape of input and output.
  public let shape: ActivationShape

  private let kernels: FeatureMapKernels
  private let epsilon: Float
  private var gamma: [Float]
  private var beta: [Float]

  /// Creates a batch normalization for one shape; `epsilon` is added to the variance.
  public init(_ shape: ActivationShape, _ precision: Precision, epsilon: Float, path: KernelPath = kernels_best_path())
  {
    self.shape = shape
    self.epsilon = epsilon
    kernels = FeatureMapKernels(shape, precision, path: path)
    gamma = Array(repeating: 1, count: shape.channels)
    beta = Array(repeating: 0, count: shape.channels)
  }

  /// The number n of pixels of one channel in a batch.
  private var pixels: Double { Double(shape.count / shape.channels) }

  /// The number of elements of ``Sums``.
  var sumCount: Int { 2 * shape.channels + 1 }

  /// Returns zeros for the sums of one batch, with its number of pixels.
  public func zeroSums() -> Sums { Array(repeating: 0, count: sumCount - 1) + [pixels] }

  /// Returns statistics of zeros, which a forward pass in training overwrites.
  public func zeroStatistics() -> Statistics {
    let zeros = [Float](repeating: 0, count: shape.channels)
    return Statistics(mean: zeros, variance: zeros, scale: zeros, shift: zeros, pixels: pixels)
  }

  /// Sets γ and β, `[channels]` each.
  public func load(scale: Span<Float>, shift: Span<Float>) {
    precondition(
      scale.count == shape.channels && shift.count == shape.channels,
      "\(scale.count) scales and \(shift.count) shifts for \(shape.channels) channels")
    for channel in 0..<shape.channels {
      gamma[channel] = scale[channel]
      beta[channel] = shift[channel]
    }
  }

  // MARK: - Statistics

  /// Adds Σ y and Σ y² of each channel of a batch to `sums`.
  public func addSums(of input: Tensor, to sums: inout Sums) {
    kernels.addChannelSums(of: input, to: &sums)
  }

  /// Returns the statistics of the batch with the given sums, which may be larger than a batch of ``shape``.
  public func statistics(of sums: Sums) -> Statistics {
    var statistics = zeroStatistics()
    let pixels = sums[sumCount - 1]
    statistics.pixels = pixels
    for channel in 0..<shape.channels {
      let mean = sums[channel] / pixels
      statistics.mean[channel] = Float(mean)
      statistics.variance[channel] = Float(max(0, sums[shape.channels + channel] / pixels - mean * mean))
    }
    complete(&statistics)
    return statistics
  }

  /// Returns statistics for evaluation from the running mean and variance of each channel.
  public func statistics(mean: Span<Float>, variance: Span<Float>) -> Statistics {
    var statistics = zeroStatistics()
    for channel in 0..<shape.channels {
      statistics.mean[channel] = mean[channel]
      statistics.variance[channel] = variance[channel]
    }
    complete(&statistics)
    return statistics
  }

  private func complete(_ statistics: inout Statistics) {
    for channel in 0..<shape.channels {
      let scale = gamma[channel] / (statistics.variance[channel] + epsilon).squareRoot()
      statistics.scale[channel] = scale
      statistics.shift[channel] = beta[channel] - statistics.mean[channel] * scale
    }
  }

  // MARK: - Forward

  /// Computes output ← relu(normalized input).
  public func relu(_ input: Tensor, _ statistics: Statistics, into output: Tensor) {
    kernels.normalizeRelu(input, scale: statistics.scale, shift: statistics.shift, into: output)
  }

  /// Computes output ← relu(normalized input + shortcut).
  public func addRelu(_ input: Tensor, _ statistics: Statistics, shortcut: Tensor, into output: Tensor) {
    kernels.normalizeAddRelu(
      input, scale: statistics.scale, shift: statistics.shift, shortcut: shortcut, into: output)
  }

  /// Computes output ← relu(normalized input + shortcut normalized with its own statistics).
  public func addRelu(
    _ input: Tensor, _ statistics: Statistics, shortcut: Tensor, _ shortcutStatistics: Statistics, into output: Tensor
  ) {
    kernels.normalizeAddRelu(
      input, scale: statistics.scale, shift: statistics.shift, shortcut: shortcut,
      shortcutScale: shortcutStatistics.scale, shortcutShift: shortcutStatistics.shift, into: output)
  }

  // MARK: - Backward

  /// Computes the gradient of the input of the ReLU in ``relu(_:_:into:)``, and the sums for the gradient of the
  /// normalization.
  ///
  /// - Parameters:
  ///   - gradient: The gradient of the ReLU's output, or its first term.
  ///   - addend: The second term of that gradient, if it is a sum; else `nil`.
  ///   - input: The input of the forward pass.
  ///   - statistics: The statistics of the forward pass.
  ///   - masked: Receives the gradient before the ReLU; may be `gradient` or `addend`.
  /// - Returns: The sums that ``inputGradient(_:sums:total:input:_:into:parameterGradient:)`` needs.
  public func reluGradient(
    _ gradient: Tensor, addend: Tensor? = nil, input: Tensor, _ statistics: Statistics, into masked: Tensor
  ) -> Sums {
    var sums = zeroSums()
    kernels.reluGradient(
      gradient, addend: addend, y: input, scale: statistics.scale, shift: statistics.shift, mean: statistics.mean,
      into: masked, sums: &sums)
    return sums
  }

  /// Computes the gradient of the input of the ReLU in ``addRelu(_:_:shortcut:into:)``, and the sums for the gradient
  /// of the normalization.
  ///
  /// `output` is the output of the ReLU; the other parameters are those of the function for ``relu(_:_:into:)``.
  public func reluGradient(
    _ gradient: Tensor, addend: Tensor?, output: Tensor, input: Tensor, _ statistics: Statistics, into masked: Tensor
  ) -> Sums {
    var sums = zeroSums()
    kernels.reluGradient(
      gradient, addend: addend, output: output, y: input, mean: statistics.mean, into: masked, sums: &sums)
    return sums
  }

  /// Returns Σ g and Σ g · (input − mean) of each channel, for a gradient g of a ReLU's input.
  public func gradientSums(of gradient: Tensor, input: Tensor, _ statistics: Statistics) -> Sums {
    var sums = zeroSums()
    kernels.addGradientSums(of: gradient, y: input, mean: statistics.mean, to: &sums)
    return sums
  }

  /// Computes the gradients of input, γ and β.
  ///
  /// - Parameters:
  ///   - gradient: The gradient before the ReLU.
  ///   - sums: The sums of `gradient` over this batch, from `reluGradient` or ``gradientSums(of:input:_:)``.
  ///   - total: The same sums over all batches from which the statistics were computed.
  ///   - input: The input of the forward pass.
  ///   - statistics: The statistics of the forward pass.
  ///   - inputGradient: Receives the gradient of the input; may be `gradient`.
  ///   - parameterGradient: Receives this batch's part of the gradients of γ and β, `[2, channels]`.
  public func inputGradient(
    _ gradient: Tensor, sums: Sums, total: Sums, input: Tensor, _ statistics: Statistics, into inputGradient: Tensor,
    parameterGradient: inout MutableSpan<Float>
  ) {
    let channels = shape.channels
    let pixels = total[sumCount - 1]
    var ofGradient = statistics.scale
    var ofInput = statistics.scale
    var rest = statistics.scale
    for channel in 0..<channels {
      let inverseDeviation = 1 / (Double(statistics.variance[channel]) + Double(epsilon)).squareRoot()
      parameterGradient[channel] = Float(sums[channels + channel] * inverseDeviation)
      parameterGradient[channels + channel] = Float(sums[channel])
      let betaGradient = total[channel]
      let gammaGradient = total[channels + channel] * inverseDeviation
      let factor = Double(gamma[channel]) * inverseDeviation
      let slope = -factor * inverseDeviation * gammaGradient / pixels
      ofGradient[channel] = Float(factor)
      ofInput[channel] = Float(slope)
      rest[channel] = Float(-factor * betaGradient / pixels - slope * Double(statistics.mean[channel]))
    }
    kernels.normalizeGradient(gradient, y: input, a: ofGradient, b: ofInput, c: rest, into: inputGradient)
  }
}
