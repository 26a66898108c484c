import MPI
import NeuralNet
import Runs

extension TrainingState {
  /// Broadcasts the training state of rank 0 to all ranks.
  ///
  /// Collective.
  package mutating func broadcast(over world: borrowing Communicator) throws(MPIError) {
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
    if let average {
      var (parameters, statistics) = (average.parameters, average.statistics)
      try world.broadcast(&parameters)
      try world.broadcast(&statistics)
      self.average = EMAWeights(decay: average.decay, parameters, statistics, step: step)
    }
  }
}
