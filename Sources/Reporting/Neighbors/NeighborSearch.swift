import Job
import MPI
import Measures

/// A training image that is near to another image.
package struct NearImage: Equatable, Sendable {
  /// The sample's index in the training set.
  package let sample: Int
  /// The cosine similarity of the representations of both images.
  package let similarity: Double

  /// The Euclidean distance of both images' representations, scaled to unit length; those of zeros stay at the center.
  package let distance: Double
}

/// The search of all ranks for the training images that are nearest to other images.
package struct NeighborSearch: Sendable {
  private let nearest: KNearestNeighbors
  private let training: FeatureRows
  private let norms: [Float]
  private let threads: Int

  /// The largest number of values to gather at a time, two for each neighbor: 32 MiB.
  private static let gatheredLimit = 1 << 22

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - count: The number of neighbors of each image; all training images if they are fewer.
  ///   - training: The representations of the training images, with rows of unit length.
  ///   - threads: The number of threads of each rank.
  package init(_ count: Int, among training: FeatureRows, threads: Int) {
    nearest = KNearestNeighbors(k: min(count, training.count), width: training.width)
    norms = nearest.squaredLengths(training.features)
    self.training = training
    self.threads = threads
  }

  /// Divides rows into ranges whose neighbors take little memory, each for one call of ``neighbors(of:_:over:)``.
  ///
  /// They are whole blocks of ``RowWork``, and their sizes depend on the number of neighbors only.
  package func ranges(of rows: Int) -> [Range<Int>] {
    let blocks = max(Self.gatheredLimit / max(2 * nearest.k, 1) / RowWork.blockSize, 1)
    return stride(from: 0, to: rows, by: blocks * RowWork.blockSize).map { first in
      first..<min(first + blocks * RowWork.blockSize, rows)
    }
  }

  /// Finds the nearest training images of a range of rows, nearest first, on every rank.
  ///
  /// Collective: the ranks divide the rows, and report progress after each block. The result has the same bits on any
  /// number of ranks, as a product has the rows of one block.
  ///
  /// - Parameters:
  ///   - rows: The representations of images, with rows of unit length.
  ///   - range: The rows to search for, one of ``ranges(of:)``.
  ///   - world: The ranks.
  /// - Returns: One list of neighbors for each row of the range.
  /// - Throws: ``CollectiveError`` if a matrix product fails.
  package func neighbors(
    of rows: FeatureRows, _ range: Range<Int>, over world: borrowing Communicator
  ) throws -> [[NearImage]] {
    world.activity.begin("nearest neighbors")
    // A float64 holds both numbers exactly.
    let values = try RowWork.gather(
      rows: range.count, width: 2 * nearest.k, zero: 0.0, threads: threads, over: world
    ) { block, _ in
      let queries = range.lowerBound + block.lowerBound..<range.lowerBound + block.upperBound
      return try nearest.neighbors(of: rows, queries, training, norms).flatMap { neighbors in
        neighbors.flatMap { neighbor in [Double(neighbor.sample), nearest.similarity(of: neighbor, norms)] }
      }
    }
    return (0..<range.count).map { row -> [NearImage] in
      let ownSquare = rows.unitSquare(range.lowerBound + row)
      return (0..<nearest.k).map { place -> NearImage in
        let index = 2 * (row * nearest.k + place)
        let (sample, similarity) = (Int(values[index]), min(values[index + 1], 1))
        let square = ownSquare + training.unitSquare(sample) - 2 * similarity
        return NearImage(sample: sample, similarity: similarity, distance: max(square, 0).squareRoot())
      }
    }
  }
}
