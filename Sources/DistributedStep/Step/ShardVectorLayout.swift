/// The layout of the vector that each shard adds to the reduction.
///
///     [ gradient of every parameter | batch statistics of every BatchNorm layer | the shard's part of the loss
///       | 1 if its rank was asked to stop | with a classifier: its part of the cross-entropy, its rows classified correctly ]
///
/// The stop flag travels with the gradient, so that all ranks learn of a request in the same step without another message.
package struct ShardVectorLayout {
  let gradient: Range<Int>
  let batchStatistics: Range<Int>
  let loss: Int
  let stop: Int
  /// The place of the cross-entropy, which is also part of the loss; the count of correct rows follows it.
  let crossEntropy: Int?
  package var count: Int { (crossEntropy.map { place in place + 1 } ?? stop) + 1 }

  package init(parameterCount: Int, statisticCount: Int, isClassifying: Bool) {
    gradient = 0..<parameterCount
    batchStatistics = parameterCount..<parameterCount + statisticCount
    loss = batchStatistics.upperBound
    stop = loss + 1
    crossEntropy = isClassifying ? stop + 1 : nil
  }

  /// The layout of the part of the vector from a parameter on.
  func from(_ parameter: Int) -> ShardVectorLayout {
    ShardVectorLayout(
      parameterCount: gradient.count - parameter, statisticCount: batchStatistics.count,
      isClassifying: crossEntropy != nil)
  }

  /// Writes the elements after the batch statistics.
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

  /// The size in bytes below which the latency of a message exceeds its transfer.
  private static let leastPieceByteCount = 4 << 20

  /// The lower bounds of the pieces of the vector, which a backward pass completes one after the other, the last one first.
  ///
  /// - Parameter bounds: The lower bounds of gradients that are complete together, ascending from 0.
  /// - Returns: Those of them that leave pieces of at least 4 MiB.
  package func pieces(at bounds: [Int]) -> [Int] {
    var (pieces, end) = ([Int](), count)
    for bound in bounds.reversed() where (end - bound) * MemoryLayout<Float>.size >= Self.leastPieceByteCount {
      pieces.append(bound)
      end = bound
    }
    // The first piece extends to 0 and includes any remainder below the minimum size.
    return [0] + pieces.reversed().dropFirst(pieces.isEmpty ? 0 : 1)
  }
}
