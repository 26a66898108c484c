import Configuration
import Formats
import NeuralNet

/// All that a step changes and a checkpoint holds.
package struct TrainingState: Sendable {
  /// The parameters' parts.
  package let parameterLayout: VectorLayout
  /// The running statistics' parts.
  package let statisticsLayout: VectorLayout
  /// The weights.
  package var parameters: [Float]
  /// The running means and variances of all BatchNorm layers.
  package var statistics: [Float]
  /// The optimizer with what it remembers.
  package var optimizer: any Optimizer
  /// How many steps were taken.
  package var step = 0

  /// The state before the first step.
  package init(_ configuration: Configuration, _ layout: ModelLayout) {
    self.init(toFill: configuration, layout)
    parameters = parameterLayout.initialValues(seed: configuration.compute.seed)
    statistics = statisticsLayout.initialValues(seed: configuration.compute.seed)
  }

  /// Zeros, for the values of a file or of another rank.
  package init(toFill configuration: Configuration, _ layout: ModelLayout) {
    parameterLayout = layout.parameters
    statisticsLayout = layout.statistics
    parameters = Array(repeating: 0, count: parameterLayout.count)
    statistics = Array(repeating: 0, count: statisticsLayout.count)
    optimizer = configuration.makeOptimizer(parameterLayout)
  }
}

extension TrainingState {
  /// All parameters and running statistics by name.
  package var tensors: [NamedTensor] {
    parameterLayout.tensors(of: parameters) + statisticsLayout.tensors(of: statistics)
  }
}
