/// What the reduction carries for each shard: one vector of gradients, BatchNorm moments and losses.
///
///     [ gradient of every parameter | moments of every BatchNorm layer | the shard's part of the loss | 1 if its rank is to stop
///       | with a classifier: its part of the cross-entropy, how many of its rows have their class first ]
package struct ShardVectorLayout {
  let gradient: Range<Int>
  let moments: Range<Int>
  let loss: Int
  let stop: Int
  /// Where the cross-entropy stands, which is in the loss too, and behind it the count of correct rows.
  let crossEntropy: Int?
  package var count: Int { (crossEntropy.map { place in place + 1 } ?? stop) + 1 }

  package init(parameterCount: Int, statisticCount: Int, isClassifying: Bool) {
    gradient = 0..<parameterCount
    moments = parameterCount..<parameterCount + statisticCount
    loss = moments.upperBound
    stop = loss + 1
    crossEntropy = isClassifying ? stop + 1 : nil
  }

  /// Writes what stands behind the moments.
  func write(
    contrastiveLoss: Double, _ crossEntropy: (value: Double, correctCount: Int), isStopping: Bool,
    into vector: inout MutableSpan<Float>
  ) {
    vector[loss] = Float(contrastiveLoss + crossEntropy.value)
    vector[stop] = isStopping ? 1 : 0
    if let place = self.crossEntropy {
      vector[place] = Float(crossEntropy.value)
      vector[place + 1] = Float(crossEntropy.correctCount)
    }
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
