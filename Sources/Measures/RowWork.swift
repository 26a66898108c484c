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
    // Each rank computes its values at their place: another copy of ImageNet's representations takes 10 GB.
    var gathered = [Element](repeating: zero, count: rows * width)
    try world.throwingTogether {
      var elements = gathered.mutableSpan
      var place = elements._mutatingExtracting(own.lowerBound * width..<own.upperBound * width)
      try compute(own, width: width, into: &place, blockSize: blockSize, threads: threads) { block, thread in
        defer { activity.progressed() }
        return try body(block, thread)
      }
    }
    var elements = gathered.mutableSpan
    try world.allGatherInPlace(
      counts: partition.ranges.map { blocks in range(blocks).count * width }, into: &elements)
    return gathered
  }

  /// Computes the values of some rows with the threads of this process.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - width: The number of values per row.
  ///   - values: Receives the values, `[rows, width]`.
  ///   - blockSize: The number of rows computed together.
  ///   - threads: The number of threads.
  ///   - body: Computes the values of a block of rows, `[block, width]`.
  /// - Throws: The error of `body` for the lowest block whose computation failed.
  package static func compute<Element: BitwiseCopyable & Sendable>(
    _ rows: Range<Int>, width: Int, into values: inout MutableSpan<Element>, blockSize: Int = blockSize,
    threads: Int = 1, _ body: @Sendable (_ rows: Range<Int>, _ thread: Int) throws -> [Element]
  ) throws {
    precondition(values.count == rows.count * width, "\(values.count) values for \(rows.count) rows of \(width)")
    let blocks = stride(from: rows.lowerBound, to: rows.upperBound, by: blockSize).map { first in
      first..<min(first + blockSize, rows.upperBound)
    }
    try unsafe values.withUnsafeMutableBufferPointer { values in
      // Safe: every block writes its own rows.
      nonisolated(unsafe) let target = unsafe values
      try parallelFor(blocks.count, threads: threads) { index, thread in
        useOneThreadPerPrimitive()
        let block = blocks[index]
        let computed = try body(block, thread)
        precondition(
          computed.count == block.count * width, "\(computed.count) values for \(block.count) rows of \(width)")
        let start = (block.lowerBound - rows.lowerBound) * width
        _ = unsafe UnsafeMutableBufferPointer(rebasing: target[start..<start + computed.count])
          .update(fromContentsOf: computed)
      }
    }
  }
}
