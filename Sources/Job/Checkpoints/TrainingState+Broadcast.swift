import FlatVectors
import MPI
import Runs

extension TrainingState {
  /// The numbers of a vector that one message contains.
  private static let elementsPerMessage = 1 << 20

  /// Broadcasts the training state of rank 0 to all ranks.
  ///
  /// Collective.
  ///
  /// - Throws: `MPIError`, after which the job has to end at once.
  package mutating func broadcast(over world: borrowing Communicator) throws(MPIError) {
    try receive(self, over: world)
  }

  /// Copies rank 0's state into this one: of the parameters only those that this rank updates, of everything else all.
  ///
  /// Collective.
  ///
  /// - Throws: `MPIError`, after which the job has to end at once.
  package mutating func receive(_ source: TrainingState, over world: borrowing Communicator) throws(MPIError) {
    var steps = [Int64(source.step)]
    try world.broadcast(&steps)
    step = Int(steps[0])
    for (target, source) in zip(parameterVectors, source.parameterVectors) {
      try Self.broadcast(source, over: world, into: target, ownRange)
    }
    for (target, source) in zip(statisticsVectors, source.statisticsVectors) {
      try Self.broadcast(source, over: world, into: target, target.indices)
    }
    average = average.map { average in
      EMAWeights(decay: average.decay, average.parameters, average.statistics, step: step)
    }
  }

  /// Broadcasts a vector of rank 0, piece by piece, and writes the elements of a range into another vector.
  private static func broadcast(
    _ source: FlatVector, over world: borrowing Communicator, into target: FlatVector, _ range: Range<Int>
  ) throws(MPIError) {
    for start in stride(from: 0, to: source.count, by: elementsPerMessage) {
      let piece = start..<min(start + elementsPerMessage, source.count)
      var elements = world.isRoot ? Array(source[piece]) : Array(repeating: 0, count: piece.count)
      try world.broadcast(&elements)
      guard piece.overlaps(range) else { continue }
      let own = piece.clamped(to: range)
      target.replace(own, with: elements[own.lowerBound - start..<own.upperBound - start])
    }
  }
}
