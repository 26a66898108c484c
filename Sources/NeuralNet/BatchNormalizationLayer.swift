import OneDNN

/// Batch normalization over a shard (part of the global batch) or a group of shards, with running statistics for
/// evaluation (PyTorch's `BatchNorm2d`, `SyncBatchNorm`).
///
/// The *batch statistics* of a shard are mean and unbiased variance of each channel in its forward pass. Once per step,
/// the running statistics move by ``momentum`` towards the mean of the batch statistics of all shards of the global
/// batch.
final class BatchNormalizationLayer {
  /// The fraction by which the running statistics move in one step.
  static let momentum: Float = 0.1

  /// The ε added to the variance.
  static let epsilon: Float = 1e-5

  let normalization: BatchNormalization

  /// The index that follows the layer's last parameter (the shift) in the parameter vector.
  var parameterEnd: Int { slices.shift.range.upperBound }

  private let slices: ModelLayout.Normalization
  /// The position of the gradients of scale and shift, which are adjacent, in the vector of gradients.
  private let gradientRange: Range<Int>

  /// Registers scale, shift and running statistics under `name`; the scale is initialized to 1 or 0.
  init(_ context: NetworkContext, _ name: String, _ shape: ActivationShape, zeroInitializesLastScale: Bool) {
    slices = context.layout.addNormalization(name, channels: shape.channels, isScaleZero: zeroInitializesLastScale)
    gradientRange =
      context.gradientRange(of: slices.scale).lowerBound..<context.gradientRange(of: slices.shift).upperBound
    normalization = BatchNormalization(shape, context.precision, epsilon: Self.epsilon)
  }

  func load(_ parameters: Span<Float>) {
    normalization.load(
      scale: parameters.extracting(slices.scale.range), shift: parameters.extracting(slices.shift.range))
  }

  /// Returns the running statistics for evaluation.
  func statistics(from statistics: Span<Float>) -> BatchNormalization.Statistics {
    normalization.statistics(
      mean: statistics.extracting(slices.runningMean.range),
      variance: statistics.extracting(slices.runningVariance.range))
  }

  /// Writes a shard's batch statistics into the vector of the batch statistics of all layers.
  func batchStatistics(of statistics: BatchNormalization.Statistics, into batchStatistics: inout MutableSpan<Float>) {
    // A batch divides by the number of pixels n, PyTorch's running variance by n − 1.
    let pixels = Float(statistics.pixels)
    for channel in 0..<normalization.shape.channels {
      batchStatistics[slices.runningMean.range.lowerBound + channel] = statistics.mean[channel]
      batchStatistics[slices.runningVariance.range.lowerBound + channel] =
        statistics.variance[channel] * (pixels / max(pixels - 1, 1))
    }
  }

  /// Computes the gradient of the input, and writes those of scale and shift into the vector of gradients.
  func inputGradient(
    _ outputGradient: Tensor, sums: GroupSums, input: Tensor, _ statistics: BatchNormalization.Statistics,
    into inputGradient: Tensor, parameterGradient: inout MutableSpan<Float>
  ) {
    var slice = parameterGradient._mutatingExtracting(gradientRange)
    normalization.inputGradient(
      outputGradient, sums: sums.own, total: sums.total, input: input, statistics, into: inputGradient,
      parameterGradient: &slice)
  }
}
