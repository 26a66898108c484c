import MPI

/// The rank of the correct class of a sample among all classes, ordered by score.
package enum ClassRank {
  /// Returns the number of classes with a higher score than `label`, or with an equal score and a lower index.
  ///
  /// - Parameters:
  ///   - label: The class whose rank is computed.
  ///   - scores: The score of each class. A class whose score is NaN ranks last.
  /// - Returns: The rank, starting at 0.
  package static func rank(of label: Int, in scores: ArraySlice<Float>) -> Int {
    let own = scores[scores.startIndex + label]
    guard !own.isNaN else { return scores.count }
    return scores.indices.count { index in
      scores[index] > own || (scores[index] == own && index - scores.startIndex < label)
    }
  }

  /// Counts the samples classified correctly, top-1 and top-5, over all ranks.
  ///
  /// Collective; each rank of the job evaluates its own part of the samples.
  ///
  /// - Parameters:
  ///   - labels: The class of every sample.
  ///   - world: The ranks.
  ///   - scores: Returns the scores of a sample.
  /// - Returns: The counts, the same on every rank.
  /// - Throws: The error of `scores`, or `MPIError`.
  package static func correctCounts(
    labels: [Int32], over world: borrowing Communicator, scores: (_ sample: Int) throws -> [Float]
  ) throws -> (top1: Int, top5: Int) {
    let own = BlockPartition(total: labels.count, parts: world.size)[world.rank]
    var counts: [Int64] = [0, 0]
    for sample in own {
      let before = rank(of: Int(labels[sample]), in: try scores(sample)[...])
      counts[0] += before < 1 ? 1 : 0
      counts[1] += before < 5 ? 1 : 0
      world.activity.progressed()
    }
    try world.allReduceSum(&counts)
    return (Int(counts[0]), Int(counts[1]))
  }
}
