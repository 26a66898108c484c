import Configuration
import Formats
import NeuralNet
import Optimizers

/// The training state: everything that a training step changes and a checkpoint stores.
package struct TrainingState: Sendable {
  /// The names, shapes and offsets of the parameters.
  package let parameterLayout: VectorLayout
  /// The names, shapes and offsets of the running statistics.
  package let statisticsLayout: VectorLayout
  /// The parameters of encoder and heads, with the layout ``parameterLayout``.
  package var parameters: [Float]
  /// The running means and variances of all BatchNorm layers, with the layout ``statisticsLayout``.
  package var statistics: [Float]
  /// The optimizer with its state.
  package var optimizer: any Optimizer
  /// The number of training steps taken.
  package var step = 0
  /// The exponential moving average of the weights; `nil` if the run does not average weights.
  package var average: EMAWeights?

  /// Creates the initial training state.
  package init(_ configuration: Configuration, _ layout: ModelLayout) {
    self.init(toFill: configuration, layout)
    parameters = parameterLayout.initialValues(seed: configuration.compute.seed)
    statistics = statisticsLayout.initialValues(seed: configuration.compute.seed)
    restartAverage()
  }

  /// Creates a state of zeros, to be filled with values from a file or another rank.
  package init(toFill configuration: Configuration, _ layout: ModelLayout) {
    parameterLayout = layout.parameters
    statisticsLayout = layout.statistics
    parameters = Array(repeating: 0, count: parameterLayout.count)
    statistics = Array(repeating: 0, count: statisticsLayout.count)
    optimizer = configuration.makeOptimizer(parameterLayout)
    average = configuration.optimizer.averageDecay.map { [parameters, statistics] decay in
      EMAWeights(decay: decay, parameters, statistics, step: 0)
    }
  }

  /// Starts the average again from the current weights.
  mutating func restartAverage() {
    average = average.map { average in EMAWeights(decay: average.decay, parameters, statistics, step: step) }
  }

  /// A copy of the state with the averaged weights in place of the trained ones; `nil` without an average.
  package var averaged: TrainingState? {
    average.map { average in
      var state = self
      state.parameters = average.parameters
      state.statistics = average.statistics
      return state
    }
  }
}

extension TrainingState {
  /// All parameters and running statistics by name.
  package var tensors: [NamedTensor] {
    parameterLayout.tensors(of: parameters) + statisticsLayout.tensors(of: statistics)
  }
}
