import FlatVectors
import Optimizers

/// The exponential moving averages of parameters and running statistics over the steps of a run (`--weight-average`).
///
/// The running statistics are averaged like the parameters, as in PyTorch's `AveragedModel` with `use_buffers`, so that
/// no further pass over the training set is needed.
package struct EMAWeights: Sendable, Equatable {
  private var parameterAverage: ExponentialAverage
  private var statisticsAverage: ExponentialAverage

  /// Creates averages that begin with given weights, in vectors of their own.
  ///
  /// - Parameters:
  ///   - decay: The factor of the previous average, at least 0 and below 1.
  ///   - parameters: The average of the parameters so far, or the initial parameters.
  ///   - statistics: The average of the running statistics so far, or the initial ones.
  ///   - step: The number of steps that have been averaged.
  package init(decay: Double, _ parameters: FlatVector, _ statistics: FlatVector, step: Int) {
    parameterAverage = ExponentialAverage(decay: decay, parameters: parameters, updateCount: step)
    statisticsAverage = ExponentialAverage(decay: decay, parameters: statistics, updateCount: step)
  }

  /// The factor of the previous average in each update.
  package var decay: Double { parameterAverage.decay }
  /// The averaged parameters.
  package var parameters: FlatVector { parameterAverage.parameters }
  /// The averaged running statistics.
  package var statistics: FlatVector { statisticsAverage.parameters }

  /// Updates the averages of a range of the parameters and of all statistics with the weights after a step.
  package mutating func update(_ parameters: FlatVector, in range: Range<Int>, _ statistics: FlatVector) {
    parameterAverage.update(parameters, in: range)
    statisticsAverage.update(statistics, in: statistics.indices)
  }
}
