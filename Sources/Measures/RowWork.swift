import Job
import MPI
import OneDNN
import ParallelLoops

/// The parallel computation of values for many rows, in blocks, by the threads of all ranks.
///
/// Blocks have a fixed size, and the values of a row depend on its block only, so that they are the same on any number
/// of ranks and threads.
package enum RowWork {
  /// The default number of rows in a block, which are computed together.
  package static let blockSize = 64

  /// Computes the values of all rows, `[rows, width]`, and gathers them on every rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - rows: The number of rows.
  ///   - width: The number of values per row.
  ///   - zero: The initial value of buffer elements.
  ///   - blockSize: The number of rows computed together.
  ///   - threads: The number of threads of this rank.
  ///   - world: The ranks.
  ///   - body: Computes the values of a block of rows, `[block, width]`. Its second argument is the number of the
  ///     calling thread, below `threads`; two calls with the same number never overlap.
  /// - Returns: The values of all rows.
  /// - Throws: ``CollectiveError`` with the error of `body`.
  package static func gather<Element: MPIElement & Sendable>(
    rows: Int, width: Int, zero: Element, blockSize: Int = blockSize, threads: Int, over world: borrowing Communicator,
    _ body: @Sendable (_ rows: Range<Int>, _ thread: Int) throws -> [Element]
  ) throws -> [Element] {
    let partition = BlockPartition(total: (rows + blockSize - 1) / blockSize, parts: world.size)
    func range(_ blocks: Range<Int>) -> Range<Int> {
      min(blocks.lowerBound * blockSize, rows)..<min(blocks.upperBound * blockSize, rows)
    }
    let activity = world.activity
    let own = range(partition[world.rank])
    let local = try world.throwingTogether {
      try compute(own, blockSize: blockSize, threads: threads) { block, thread in
        defer { activity.progressed() }
        return try body(block, thread)
      }
    }
    precondition(local.count == own.count * width, "\(local.count) values for \(own.count) rows of \(width)")
    var gathered = [Element](repeating: zero, count: rows * width)
    try world.allGather(
      local.span, counts: partition.ranges.map { blocks in range(blocks).count * width }, into: &gathered)
    return gathered
  }

  /// Computes the values of some rows with the threads of this process.
  package static func compute<Element: Sendable>(
    _ rows: Range<Int>, blockSize: Int = blockSize, threads: Int = 1,
    _ body: @Sendable (_ rows: Range<Int>, _ thread: Int) throws -> [Element]
  ) throws -> [Element] {
    let blocks = stride(from: rows.lowerBound, to: rows.upperBound, by: blockSize).map { first in
      first..<min(first + blockSize, rows.upperBound)
    }
    let values = try parallelMap(blocks.count, threads: threads) { index, thread in
      useOneThreadPerPrimitive()
      return try body(blocks[index], thread)
    }
    return Array(values.joined())
  }
}
