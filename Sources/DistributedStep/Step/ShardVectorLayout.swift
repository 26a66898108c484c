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
}
