import OneDNN

/// Batch normalisation over one shard, with running statistics for evaluation (Ioffe and Szegedy 2015; PyTorch's `BatchNorm2d`).
///
/// The statistics of a shard's forward pass are its *moments*: mean and unbiased variance of each channel. Once a step the running
/// statistics move by ``momentum`` towards the moments' mean over all shards of the global batch.
final class BatchNormalizationLayer {
  /// How far the running statistics move in a step.
  static let momentum: Float = 0.1

  /// What is added to the variance.
  static let epsilon: Float = 1e-5

  private let scale: VectorSlice
  private let shift: VectorSlice
  private let runningMean: VectorSlice
  private let runningVariance: VectorSlice
  private let normalization: BatchNormalization
  private let isTraining: Bool

  /// Registers scale, shift and running statistics under `name` and compiles the passes.
  init(_ context: NetworkContext, _ name: String, _ shape: ActivationShape, appliesRelu: Bool) throws(DNNLError) {
    let channels = [shape.channels]
    scale = context.parameters.add("\(name).weight", channels, .constant(1))
    shift = context.parameters.add("\(name).bias", channels, .constant(0))
    runningMean = context.statistics.add("\(name).running_mean", channels, .constant(0))
    runningVariance = context.statistics.add("\(name).running_var", channels, .constant(1))
    isTraining = context.isTraining
    normalization = try BatchNormalization(
      context.engine, context.execution, shape, context.precision, epsilon: Self.epsilon, appliesRelu: appliesRelu,
      isTraining: isTraining)
  }

  func load(_ parameters: Span<Float>) {
    normalization.load(scale: parameters.extracting(scale.range), shift: parameters.extracting(shift.range))
  }

  func makeRecord() throws(DNNLError) -> BatchNormalization.Record {
    try normalization.makeRecord()
  }

  /// In evaluation, the statistics to normalise with.
  func load(statistics: Span<Float>, into record: BatchNormalization.Record) {
    record.mean.copy(from: statistics.extracting(runningMean.range))
    record.variance.copy(from: statistics.extracting(runningVariance.range))
  }

  func forward(_ input: Tensor, into output: Tensor, _ record: BatchNormalization.Record) throws(DNNLError) {
    try normalization.forward(input, into: output, record)
  }

  /// Writes the moments of the last forward pass to their places in a vector of the statistics' layout.
  func moments(of record: BatchNormalization.Record, into moments: inout MutableSpan<Float>) {
    var mean = moments._mutatingExtracting(runningMean.range)
    record.mean.copy(into: &mean)
    var variance = moments._mutatingExtracting(runningVariance.range)
    record.variance.copy(into: &variance)
    // oneDNN divides by the number of pixels n, PyTorch's running variance by n − 1.
    let pixels = Float(normalization.shape.count / normalization.shape.channels)
    for channel in variance.indices {
      variance[channel] *= pixels / max(pixels - 1, 1)
    }
  }

  func backward(
    input: Tensor, outputGradient: Tensor, _ record: BatchNormalization.Record, into inputGradient: Tensor,
    parameterGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    // The shift is registered right behind the scale.
    var slice = parameterGradient._mutatingExtracting(scale.range.lowerBound..<shift.range.upperBound)
    try normalization.backward(
      input: input, outputGradient: outputGradient, record, into: inputGradient, parameterGradient: &slice)
  }
}
