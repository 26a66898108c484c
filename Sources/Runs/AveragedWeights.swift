import NeuralNet
import Optimizers

/// The moving averages of parameters and running statistics over the steps of a run (`--weight-average`).
///
/// The BatchNorm statistics of the average are the same average of the running statistics, as in PyTorch's `AveragedModel` with
/// `use_buffers`: no further pass over the training set is needed.
package struct AveragedWeights: Sendable, Equatable {
  private var parameterAverage: WeightAverage
  private var statisticsAverage: WeightAverage

  /// Begins with the weights of a step.
  ///
  /// - Parameters:
  ///   - decay: The factor of the previous average, from 0 to below 1.
  ///   - parameters: The average of the parameters, or the first ones.
  ///   - statistics: The average of the running statistics, or the first ones.
  ///   - step: The number of steps that it averages.
  package init(decay: Double, _ parameters: [Float], _ statistics: [Float], step: Int) {
    parameterAverage = WeightAverage(decay: decay, parameters: parameters, updateCount: step)
    statisticsAverage = WeightAverage(decay: decay, parameters: statistics, updateCount: step)
  }

  /// The factor of the previous average.
  package var decay: Double { parameterAverage.decay }
  /// The averaged parameters.
  package var parameters: [Float] { parameterAverage.parameters }
  /// The averaged running statistics.
  package var statistics: [Float] { statisticsAverage.parameters }

  /// Moves the averages towards the weights of a step.
  package mutating func update(_ parameters: [Float], _ statistics: [Float]) {
    parameterAverage.update(parameters)
    statisticsAverage.update(statistics)
  }
}

/// The weights of a run that a command reads.
package enum RunWeights: String, Sendable, CaseIterable {
  /// Those of the last step.
  case raw
  /// Their moving average.
  case average

  /// The ending of the names of files and folders that belong to them.
  package var suffix: String { self == .raw ? "" : "-average" }

  /// The beginning of the names of fields that belong to them.
  package var fieldPrefix: String { self == .raw ? "" : "average_" }
}
