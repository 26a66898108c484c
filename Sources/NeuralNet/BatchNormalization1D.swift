/// Batch normalization of the columns of `[rows, width]`, float32 row-major (PyTorch's `BatchNorm1d`), over the rows of
/// a shard (part of the global batch) or a group of shards.
///
/// The formulas are those of ``BatchNormalization``, with rows in the place of pixels.
struct BatchNormalization1D {
  /// The mean and variance of each column.
  struct Statistics: Sendable {
    var mean: [Double]
    /// The biased variance of each column: the sum of squared deviations ÷ ``count``.
    var variance: [Double]
    /// The number of rows from which mean and variance were computed.
    var count: Double
  }

  private let context: NetworkContext
  private let width: Int
  private let slices: ModelLayout.Normalization
  private let scaleGradient: Range<Int>
  private let shiftGradient: Range<Int>

  /// Registers scale, shift and running statistics under `name`.
  init(_ context: NetworkContext, _ name: String, width: Int) {
    self.context = context
    self.width = width
    context.batchNormExchangeLengths.add(forward: [width + 1, width], backward: 2 * width)
    slices = context.layout.addNormalization(name, channels: width)
    scaleGradient = context.gradientRange(of: slices.scale)
    shiftGradient = context.gradientRange(of: slices.shift)
  }

  /// Returns the statistics of the columns over the rows of this shard, or of the shards of its group.
  func statistics(of rows: Span<Float>) -> Statistics {
    let rowCount = rows.count / width
    var sums = [Double](repeating: 0, count: width) + [Double(rowCount)]
    for row in 0..<rowCount {
      for column in 0..<width {
        sums[column] += Double(rows[row * width + column])
      }
    }
    sums = context.sumOverGroup(sums)
    let count = sums[width]
    let mean = sums[..<width].map { sum in sum / count }
    var squares = [Double](repeating: 0, count: width)
    for row in 0..<rowCount {
      for column in 0..<width {
        let distance = Double(rows[row * width + column]) - mean[column]
        squares[column] += distance * distance
      }
    }
    return Statistics(mean: mean, variance: context.sumOverGroup(squares).map { sum in sum / count }, count: count)
  }

  /// Returns the running statistics, with which rows are normalized in evaluation.
  func runningStatistics(in statistics: Span<Float>, rows: Int) -> Statistics {
    Statistics(
      mean: slices.runningMean.range.map { index in Double(statistics[index]) },
      variance: slices.runningVariance.range.map { index in Double(statistics[index]) }, count: Double(rows))
  }

  private func inverseDeviations(_ statistics: Statistics) -> [Double] {
    statistics.variance.map { variance in 1 / (variance + Double(BatchNormalizationLayer.epsilon)).squareRoot() }
  }

  /// Computes output ← γ x̂ + β.
  func forward(
    _ rows: Span<Float>, _ statistics: Statistics, parameters: Span<Float>, into output: inout MutableSpan<Float>
  ) {
    let inverse = inverseDeviations(statistics)
    let (scale, shift) = (parameters.extracting(slices.scale.range), parameters.extracting(slices.shift.range))
    for row in 0..<rows.count / width {
      for column in 0..<width {
        let normalized = Float((Double(rows[row * width + column]) - statistics.mean[column]) * inverse[column])
        output[row * width + column] = scale[column] * normalized + shift[column]
      }
    }
  }

  /// Computes the gradients of scale and shift, and replaces the output's gradient in `rowGradient` by the input's.
  func backward(
    input: Span<Float>, _ statistics: Statistics, parameters: Span<Float>, into gradient: inout MutableSpan<Float>,
    rowGradient: inout MutableSpan<Float>
  ) {
    let inverse = inverseDeviations(statistics)
    func normalized(_ row: Int, _ column: Int) -> Double {
      (Double(input[row * width + column]) - statistics.mean[column]) * inverse[column]
    }
    let rowCount = input.count / width
    // Σ g, then Σ g x̂.
    var sums = [Double](repeating: 0, count: 2 * width)
    for row in 0..<rowCount {
      for column in 0..<width {
        let value = Double(rowGradient[row * width + column])
        sums[column] += value
        sums[width + column] += value * normalized(row, column)
      }
    }
    for column in 0..<width {
      gradient[scaleGradient.lowerBound + column] = Float(sums[width + column])
      gradient[shiftGradient.lowerBound + column] = Float(sums[column])
    }
    let (total, count) = (context.sumOverGroup(sums), statistics.count)
    for row in 0..<rowCount {
      for column in 0..<width {
        let factor = Double(parameters[slices.scale.range.lowerBound + column]) * inverse[column]
        let value = Double(rowGradient[row * width + column])
        rowGradient[row * width + column] = Float(
          factor * (value - total[column] / count - normalized(row, column) * total[width + column] / count))
      }
    }
  }

  /// Writes a shard's batch statistics into the vector of the batch statistics of all layers.
  func batchStatistics(of statistics: Statistics, into batchStatistics: inout MutableSpan<Float>) {
    // PyTorch's running variance is divided by n − 1.
    let unbiased = statistics.count / max(statistics.count - 1, 1)
    for column in 0..<width {
      batchStatistics[slices.runningMean.range.lowerBound + column] = Float(statistics.mean[column])
      batchStatistics[slices.runningVariance.range.lowerBound + column] = Float(statistics.variance[column] * unbiased)
    }
  }
}
