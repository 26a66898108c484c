import OneDNN

/// Batch normalization over one shard, with running statistics for evaluation (PyTorch's `BatchNorm2d`).
///
/// The statistics of a shard's forward pass are its *moments*: mean and unbiased variance of each channel. Once a step the running
/// statistics move by ``momentum`` towards the moments' mean over all shards of the global batch.
final class BatchNormalizationLayer {
  /// How far the running statistics move in a step.
  static let momentum: Float = 0.1

  /// What is added to the variance.
  static let epsilon: Float = 1e-5

  let normalization: BatchNormalization

  private let scale: VectorSlice
  private let shift: VectorSlice
  private let runningMean: VectorSlice
  private let runningVariance: VectorSlice

  /// Registers scale, shift and running statistics under `name`; the scale begins at 1 or 0.
  init(_ context: NetworkContext, _ name: String, _ shape: ActivationShape, zeroInitializesLastScale: Bool) {
    let channels = [shape.channels]
    scale = context.parameters.add("\(name).weight", channels, .constant(zeroInitializesLastScale ? 0 : 1))
    shift = context.parameters.add("\(name).bias", channels, .constant(0))
    runningMean = context.statistics.add("\(name).running_mean", channels, .constant(0))
    runningVariance = context.statistics.add("\(name).running_var", channels, .constant(1))
    normalization = BatchNormalization(shape, context.precision, epsilon: Self.epsilon)
  }

  func load(_ parameters: Span<Float>) {
    normalization.load(scale: parameters.extracting(scale.range), shift: parameters.extracting(shift.range))
  }

  /// In evaluation, the statistics to normalize with.
  func statistics(from statistics: Span<Float>) -> BatchNormalization.Statistics {
    normalization.statistics(
      mean: statistics.extracting(runningMean.range), variance: statistics.extracting(runningVariance.range))
  }

  /// Writes a shard's moments to their places in a vector of the statistics' layout.
  func moments(of statistics: BatchNormalization.Statistics, into moments: inout MutableSpan<Float>) {
    // A batch divides by the number of pixels n, PyTorch's running variance by n − 1.
    let pixels = Float(normalization.shape.count / normalization.shape.channels)
    for channel in 0..<normalization.shape.channels {
      moments[runningMean.range.lowerBound + channel] = statistics.mean[channel]
      moments[runningVariance.range.lowerBound + channel] =
        statistics.variance[channel] * (pixels / max(pixels - 1, 1))
    }
  }

  /// The gradient of the input, and of scale and shift at their places in `gradient`.
  func inputGradient(
    _ outputGradient: Tensor, sums: BatchNormalization.Sums, input: Tensor, _ statistics: BatchNormalization.Statistics,
    into inputGradient: Tensor, parameterGradient: inout MutableSpan<Float>
  ) {
    // The shift is registered right behind the scale.
    var slice = parameterGradient._mutatingExtracting(scale.range.lowerBound..<shift.range.upperBound)
    normalization.inputGradient(
      outputGradient, sums: sums, input: input, statistics, into: inputGradient, parameterGradient: &slice)
  }
}
