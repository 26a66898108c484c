/// The layout of the float32 vector that each shard (a fixed part of the global batch) adds to the sum over all ranks.
///
///     [ gradient of every parameter | batch statistics of every BatchNorm layer | the shard's part of the loss
///       | 1 if its rank was asked to stop | with a classifier: the shard's part of the cross-entropy
///       | with a classifier: the number of the shard's rows classified correctly ]
///
/// The stop flag travels with the gradient, so that all ranks learn of a stop request in the same step without another
/// message.
package struct ShardVectorLayout {
  let gradient: Range<Int>
  let batchStatistics: Range<Int>
  let loss: Int
  let stop: Int
  /// The index of the shard's cross-entropy, which is also part of ``loss``; the next element is the number of
  /// correctly classified rows.
  let crossEntropy: Int?
  /// The number of elements of the vector.
  package var count: Int { (crossEntropy.map { place in place + 1 } ?? stop) + 1 }

  /// Lays out the vector of a model with these numbers of parameters and of batch statistics.
  package init(parameterCount: Int, statisticCount: Int, isClassifying: Bool) {
    gradient = 0..<parameterCount
    batchStatistics = parameterCount..<parameterCount + statisticCount
    loss = batchStatistics.upperBound
    stop = loss + 1
    crossEntropy = isClassifying ? stop + 1 : nil
  }

  /// Returns the layout of the vector's tail from the gradient of a parameter on; its indices start at 0 again.
  func from(_ parameter: Int) -> ShardVectorLayout {
    ShardVectorLayout(
      parameterCount: gradient.count - parameter, statisticCount: batchStatistics.count,
      isClassifying: crossEntropy != nil)
  }

  /// Writes the elements that follow the batch statistics.
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
