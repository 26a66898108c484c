import Formats
import MPI
import NeuralNet

/// All that a step changes and a checkpoint holds.
struct TrainingState: Sendable {
  /// The parameters' parts.
  let parameterLayout: VectorLayout
  /// The running statistics' parts.
  let statisticsLayout: VectorLayout
  /// The weights.
  var parameters: [Float]
  /// The running means and variances of all BatchNorm layers.
  var statistics: [Float]
  /// The optimizer with what it remembers.
  var optimizer: any Optimizer
  /// How many steps were taken.
  var step = 0

  /// The state before the first step.
  init(
    _ configuration: Configuration, parameters parameterLayout: VectorLayout, statistics statisticsLayout: VectorLayout
  ) {
    self.init(toFill: configuration, parameters: parameterLayout, statistics: statisticsLayout)
    parameters = parameterLayout.initialValues(seed: configuration.seed)
    statistics = statisticsLayout.initialValues(seed: configuration.seed)
  }

  /// Zeros, for the values of a file or of another rank.
  init(
    toFill configuration: Configuration, parameters parameterLayout: VectorLayout,
    statistics statisticsLayout: VectorLayout
  ) {
    self.parameterLayout = parameterLayout
    self.statisticsLayout = statisticsLayout
    parameters = Array(repeating: 0, count: parameterLayout.count)
    statistics = Array(repeating: 0, count: statisticsLayout.count)
    optimizer = configuration.makeOptimizer(parameterLayout)
  }
}

extension TrainingState {
  /// All parameters and running statistics by name.
  var tensors: [NamedTensor] {
    parameterLayout.tensors(of: parameters) + statisticsLayout.tensors(of: statistics)
  }

  /// Gives rank 0's state to all.
  ///
  /// Collective.
  mutating func broadcast(over world: borrowing Communicator) throws(MPIError) {
    var steps = [Int64(step)]
    try world.broadcast(&steps)
    step = Int(steps[0])
    try world.broadcast(&parameters)
    try world.broadcast(&statistics)
    var vectors = optimizer.state
    for index in vectors.indices {
      try world.broadcast(&vectors[index])
    }
    optimizer.state = vectors
  }
}
