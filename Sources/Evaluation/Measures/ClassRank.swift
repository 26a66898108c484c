import MPI

/// Where a sample's own class stands among the scores of all classes.
package enum ClassRank {
  /// How many classes come before one: those with higher scores, and those of equal scores with lower numbers.
  ///
  /// - Parameters:
  ///   - label: The class.
  ///   - scores: One for each class. Before a score that is no number stand all.
  /// - Returns: 0 for the first place.
  package static func rank(of label: Int, in scores: ArraySlice<Float>) -> Int {
    let own = scores[scores.startIndex + label]
    guard !own.isNaN else { return scores.count }
    return scores.indices.count { index in
      scores[index] > own || (scores[index] == own && index - scores.startIndex < label)
    }
  }

  /// How many samples have their class among the first one and the first five, over all ranks.
  ///
  /// Collective; each rank looks at its own part of the samples.
  ///
  /// - Parameters:
  ///   - labels: The class of every sample.
  ///   - world: The ranks.
  ///   - scores: The scores of a sample.
  /// - Returns: The counts, the same on every rank.
  /// - Throws: What `scores` throws, and `MPIError`.
  static func correctCounts(
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
