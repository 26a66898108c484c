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
  /// The optimiser with what it remembers.
  var optimizer: any Optimizer
  /// How many steps were taken.
  var step = 0

  /// The state before the first step.
  init(_ recipe: Recipe, parameters parameterLayout: VectorLayout, statistics statisticsLayout: VectorLayout) {
    self.parameterLayout = parameterLayout
    self.statisticsLayout = statisticsLayout
    parameters = parameterLayout.initialValues(seed: recipe.seed)
    statistics = statisticsLayout.initialValues(seed: recipe.seed)
    optimizer = recipe.makeOptimizer(parameterLayout)
  }
}

extension TrainingState {
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

/// What the reduction carries for each shard: one vector of gradients, BatchNorm moments and losses.
///
///     [ gradient of every parameter | moments of every BatchNorm layer | the shard's part of the loss | 1 if its rank is to stop
///       | with a classifier: its part of the cross-entropy, how many of its rows have their class first ]
struct ShardVectorLayout {
  let gradient: Range<Int>
  let moments: Range<Int>
  let loss: Int
  let stop: Int
  /// Where the cross-entropy stands, which is in the loss too, and behind it the count of correct rows.
  let crossEntropy: Int?
  var count: Int { (crossEntropy.map { place in place + 1 } ?? stop) + 1 }

  init(parameterCount: Int, statisticCount: Int, isClassifying: Bool) {
    gradient = 0..<parameterCount
    moments = parameterCount..<parameterCount + statisticCount
    loss = moments.upperBound
    stop = loss + 1
    crossEntropy = isClassifying ? stop + 1 : nil
  }

  /// Below so many bytes a message costs more than what it carries.
  private static let leastPieceByteCount = 4 << 20

  /// Where to cut the vector into pieces that a backward pass completes one after the other, the last one first.
  ///
  /// - Parameter bounds: Where gradients begin that are complete together, ascending from 0.
  /// - Returns: Those of them between which there is enough to send.
  func pieces(at bounds: [Int]) -> [Int] {
    var (pieces, end) = ([Int](), count)
    for bound in bounds.reversed() where (end - bound) * MemoryLayout<Float>.size >= Self.leastPieceByteCount {
      pieces.append(bound)
      end = bound
    }
    // What is left in front is too little for a piece of its own.
    return [0] + pieces.reversed().dropFirst(pieces.isEmpty ? 0 : 1)
  }
}
