import Configuration
import FlatVectors
import NeuralNet
import Optimizers

/// The training state: everything that a training step changes and a checkpoint stores.
///
/// Its vectors are references: a copy of the state has the same numbers, and a step changes both.
package struct TrainingState: Sendable {
  /// The names, shapes and offsets of the parameters.
  package let parameterLayout: VectorLayout
  /// The names, shapes and offsets of the running statistics.
  package let statisticsLayout: VectorLayout
  /// The parameters of encoder and heads, with the layout ``parameterLayout``.
  package var parameters: FlatVector
  /// The running means and variances of all BatchNorm layers, with the layout ``statisticsLayout``.
  package var statistics: FlatVector
  /// The optimizer with its state.
  package var optimizer: any Optimizer
  /// The number of training steps taken.
  package var step = 0
  /// The exponential moving average of the weights; `nil` if the run does not average weights.
  package var average: EMAWeights?
  /// The parameters that this process updates: all of them, or whole tensors that are its part of vectors in memory
  /// which processes share.
  package var ownRange: Range<Int>

  /// Creates the initial training state.
  package init(_ configuration: Configuration, _ layout: ModelLayout) {
    self.init(toFill: configuration, layout)
    parameters = FlatVector(parameterLayout.initialValues(seed: configuration.compute.seed))
    statistics = FlatVector(statisticsLayout.initialValues(seed: configuration.compute.seed))
    restartAverage()
  }

  /// Creates a state of zeros, to be filled with values from a file or another rank.
  package init(toFill configuration: Configuration, _ layout: ModelLayout) {
    parameterLayout = layout.parameters
    statisticsLayout = layout.statistics
    parameters = FlatVector(count: parameterLayout.count)
    statistics = FlatVector(count: statisticsLayout.count)
    optimizer = configuration.makeOptimizer(parameterLayout)
    average = configuration.optimizer.averageDecay.map { [parameters, statistics] decay in
      EMAWeights(decay: decay, FlatVector(count: parameters.count), FlatVector(count: statistics.count), step: 0)
    }
    ownRange = 0..<parameterLayout.count
  }

  /// Starts the average again from the current weights.
  mutating func restartAverage() {
    average = average.map { average in
      EMAWeights(decay: average.decay, FlatVector(parameters), FlatVector(statistics), step: step)
    }
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
  /// The vectors with the layout of the parameters: these, the optimizer's state, and the averaged parameters.
  package var parameterVectors: [FlatVector] {
    get { [parameters] + optimizer.state + (average.map { average in [average.parameters] } ?? []) }
    set {
      parameters = newValue[0]
      optimizer.state = Array(newValue[1...optimizer.stateNames.count])
      average = average.map { average in
        EMAWeights(decay: average.decay, newValue[newValue.count - 1], average.statistics, step: step)
      }
    }
  }

  /// The vectors with the layout of the running statistics: these, and their average.
  package var statisticsVectors: [FlatVector] {
    [statistics] + (average.map { average in [average.statistics] } ?? [])
  }

  /// All parameters and running statistics by name.
  package var tensors: [VectorTensor] {
    parameterLayout.tensors(of: parameters) + statisticsLayout.tensors(of: statistics)
  }
}
