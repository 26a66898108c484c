import Configuration
import Formats
import NeuralNet

/// The training state: everything that a step changes and a checkpoint stores.
package struct TrainingState: Sendable {
  /// The layout of the parameters.
  package let parameterLayout: VectorLayout
  /// The layout of the running statistics.
  package let statisticsLayout: VectorLayout
  /// The parameters of encoder and heads, in the order of ``parameterLayout``.
  package var parameters: [Float]
  /// The running means and variances of all BatchNorm layers.
  package var statistics: [Float]
  /// The optimizer with its state.
  package var optimizer: any Optimizer
  /// The number of steps taken.
  package var step = 0

  /// Creates the initial training state.
  package init(_ configuration: Configuration, _ layout: ModelLayout) {
    self.init(toFill: configuration, layout)
    parameters = parameterLayout.initialValues(seed: configuration.compute.seed)
    statistics = statisticsLayout.initialValues(seed: configuration.compute.seed)
  }

  /// Creates a state of zeros, to be filled from a file or another rank.
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
