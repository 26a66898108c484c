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

  /// Counts the correct predictions from the rank of each sample's class, starting at 0.
  package init(ranks: [Int32], classCount: Int) {
    sampleCount = ranks.count
    top1Count = ranks.count { rank in rank < 1 }
    top5Count = classCount > 5 ? ranks.count { rank in rank < 5 } : nil
  }

  /// Counts the correct predictions over all ranks of the job.
  ///
  /// Collective: the ranks divide the samples, and none holds the scores of all.
  ///
  /// - Parameters:
  ///   - labels: The class of every sample.
  ///   - classCount: The number of classes.
  ///   - blockSize: The number of samples whose scores are computed together.
  ///   - threads: The number of threads of this rank.
  ///   - world: The ranks.
  ///   - scores: Computes the scores of a block of samples, `[block, classes]`.
  /// - Throws: ``CollectiveError`` with the error of `scores`.
  package init(
    labels: [Int32], classCount: Int, blockSize: Int = RowWork.blockSize, threads: Int = 1,
    over world: borrowing Communicator, scores: @Sendable (_ samples: Range<Int>) throws -> [Float]
  ) throws {
    let ranks = try RowWork.gather(
      rows: labels.count, width: 1, zero: Int32(0), blockSize: blockSize, threads: threads, over: world
    ) { samples, _ in
      let block = try scores(samples)
      return zip(samples, stride(from: 0, to: block.count, by: classCount)).map { sample, first in
        Int32(ClassRank.rank(of: Int(labels[sample]), in: block[first..<first + classCount]))
      }
    }
    self.init(ranks: ranks, classCount: classCount)
  }

  /// The fraction of samples whose class has the highest score.
  package var top1: Double { Double(top1Count) / Double(sampleCount) }
  /// The fraction of samples whose class is among the five with the highest scores; `nil` for at most five classes.
  package var top5: Double? { top5Count.map { count in Double(count) / Double(sampleCount) } }
}
