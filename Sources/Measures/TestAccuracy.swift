import MPI

/// The numbers of correct top-1 and top-5 predictions of a classifier on labeled samples.
///
/// Of classes with equal scores, the one with the lower index ranks first (``ClassRank``).
package struct TestAccuracy: Sendable, Equatable {
  /// The number of samples that were classified.
  package let sampleCount: Int
  /// The number of samples whose class has the highest score.
  package let top1Count: Int
  /// The number of samples whose class is among the five with the highest scores; `nil` for at most five classes,
  /// among which every class ranks.
  package let top5Count: Int?

  private init(sampleCount: Int, top1Count: Int, top5Count: Int, classCount: Int) {
    self.sampleCount = sampleCount
    self.top1Count = top1Count
    self.top5Count = classCount > 5 ? top5Count : nil
  }

  /// Counts the correct predictions from the rank of each sample's class, starting at 0.
  package init(ranks: [Int32], classCount: Int) {
    self.init(
      sampleCount: ranks.count, top1Count: ranks.count { rank in rank < 1 },
      top5Count: ranks.count { rank in rank < 5 }, classCount: classCount)
  }

  /// Counts the correct predictions over all ranks of the job.
  ///
  /// Collective; each rank of the job evaluates its own part of the samples.
  ///
  /// - Parameters:
  ///   - labels: The class of every sample.
  ///   - classCount: The number of classes.
  ///   - world: The ranks.
  ///   - scores: Returns the scores of a sample, `[classes]`.
  /// - Throws: The error of `scores`, or `MPIError`.
  package init(
    labels: [Int32], classCount: Int, over world: borrowing Communicator, scores: (_ sample: Int) throws -> [Float]
  ) throws {
    let own = BlockPartition(total: labels.count, parts: world.size)[world.rank]
    var counts: [Int64] = [0, 0]
    for sample in own {
      let rank = ClassRank.rank(of: Int(labels[sample]), in: try scores(sample)[...])
      counts[0] += rank < 1 ? 1 : 0
      counts[1] += rank < 5 ? 1 : 0
      world.activity.progressed()
    }
    try world.allReduceSum(&counts)
    self.init(
      sampleCount: labels.count, top1Count: Int(counts[0]), top5Count: Int(counts[1]), classCount: classCount)
  }

  /// The fraction of samples whose class has the highest score.
  package var top1: Double { Double(top1Count) / Double(sampleCount) }
  /// The fraction of samples whose class is among the five with the highest scores; `nil` for at most five classes.
  package var top5: Double? { top5Count.map { count in Double(count) / Double(sampleCount) } }
}
