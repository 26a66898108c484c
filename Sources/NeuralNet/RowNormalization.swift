/// Batch normalization of the columns of `[rows, width]` (float32, row-major) over the rows of one shard, as PyTorch's `BatchNorm1d`.
///
/// The formulas are those of ``BatchNormalization``, with rows in the place of pixels.
struct RowNormalization: Sendable {
  /// The statistics of the columns over one shard.
  struct Statistics: Sendable {
    var mean: [Double]
    /// The variance, with the number of rows as divisor.
    var variance: [Double]
    var rows: Int
  }

  private let width: Int
  private let slices: ModelLayout.Normalization
  private let scaleGradient: Range<Int>
  private let shiftGradient: Range<Int>

  /// Registers scale, shift and running statistics under `name`.
  init(_ context: NetworkContext, _ name: String, width: Int) {
    self.width = width
    slices = context.layout.addNormalization(name, channels: width)
    scaleGradient = context.gradientRange(of: slices.scale)
    shiftGradient = context.gradientRange(of: slices.shift)
  }

  /// Computes the statistics of a shard's rows.
  func statistics(of rows: Span<Float>) -> Statistics {
    let count = rows.count / width
    var mean = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for column in 0..<width {
        mean[column] += Double(rows[row * width + column])
      }
    }
    for column in 0..<width {
      mean[column] /= Double(count)
    }
    var variance = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for column in 0..<width {
        let distance = Double(rows[row * width + column]) - mean[column]
        variance[column] += distance * distance
      }
    }
    for column in 0..<width {
      variance[column] /= Double(count)
    }
    return Statistics(mean: mean, variance: variance, rows: count)
  }

  /// Returns the running statistics for evaluating `rows` rows.
  func runningStatistics(in statistics: Span<Float>, rows: Int) -> Statistics {
    Statistics(
      mean: slices.runningMean.range.map { index in Double(statistics[index]) },
      variance: slices.runningVariance.range.map { index in Double(statistics[index]) }, rows: rows)
  }

  private func inverseDeviations(_ statistics: Statistics) -> [Double] {
    statistics.variance.map { variance in 1 / (variance + Double(BatchNormalizationLayer.epsilon)).squareRoot() }
  }

  /// output ← γ x̂ + β.
  func forward(
    _ rows: Span<Float>, _ statistics: Statistics, parameters: Span<Float>, into output: inout MutableSpan<Float>
  ) {
    let inverse = inverseDeviations(statistics)
    let (scale, shift) = (parameters.extracting(slices.scale.range), parameters.extracting(slices.shift.range))
    for row in 0..<statistics.rows {
      for column in 0..<width {
        let normalized = Float((Double(rows[row * width + column]) - statistics.mean[column]) * inverse[column])
        output[row * width + column] = scale[column] * normalized + shift[column]
      }
    }
  }

  /// Computes the gradients of scale and shift, and replaces the gradient of the output in `rowGradient` by that of the input.
  func backward(
    input: Span<Float>, _ statistics: Statistics, parameters: Span<Float>, into gradient: inout MutableSpan<Float>,
    rowGradient: inout MutableSpan<Float>
  ) {
    let inverse = inverseDeviations(statistics)
    func normalized(_ row: Int, _ column: Int) -> Double {
      (Double(input[row * width + column]) - statistics.mean[column]) * inverse[column]
    }
    var sums = [Double](repeating: 0, count: width)
    var products = [Double](repeating: 0, count: width)
    for row in 0..<statistics.rows {
      for column in 0..<width {
        let value = Double(rowGradient[row * width + column])
        sums[column] += value
        products[column] += value * normalized(row, column)
      }
    }
    let count = Double(statistics.rows)
    for column in 0..<width {
      gradient[scaleGradient.lowerBound + column] = Float(products[column])
      gradient[shiftGradient.lowerBound + column] = Float(sums[column])
    }
    for row in 0..<statistics.rows {
      for column in 0..<width {
        let factor = Double(parameters[slices.scale.range.lowerBound + column]) * inverse[column]
        let value = Double(rowGradient[row * width + column])
        rowGradient[row * width + column] = Float(
          factor * (value - sums[column] / count - normalized(row, column) * products[column] / count))
      }
    }
  }

  /// Writes a shard's batch statistics into a vector of all layers' statistics.
  func batchStatistics(of statistics: Statistics, into batchStatistics: inout MutableSpan<Float>) {
    // PyTorch's running variance has divisor n − 1.
    let unbiased = Double(statistics.rows) / Double(max(statistics.rows - 1, 1))
    for column in 0..<width {
      batchStatistics[slices.runningMean.range.lowerBound + column] = Float(statistics.mean[column])
      batchStatistics[slices.runningVariance.range.lowerBound + column] = Float(statistics.variance[column] * unbiased)
    }
  }
}
