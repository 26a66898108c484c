import Dispatch
import Glibc
import MPI

/// The reduction in pieces against a sequential evaluation of whole vectors, bit by bit, while threads still bring
/// pieces and after that.
func checkPieces(_ world: borrowing Communicator) throws {
  for (shards, bounds) in [(1, [0]), (5, [0, 1, 700]), (8, [0, 333, 334, 900]), (9, [0, 500])] {
    for waiting in [Waiting.sleeping, .spinning] {
      try checkPieces(shards, bounds, waiting, world)
    }
  }
  try checkFailure(world)
}

private let length = 1001

private func checkPieces(_ shards: Int, _ bounds: [Int], _ waiting: Waiting, _ world: borrowing Communicator) throws {
  let partition = BlockPartition(total: shards, parts: world.size)
  let own = partition[world.rank]
  let memory = SumMemory<Float>(length: length)
  // Pieces of one segment, and of two.
  let pieces = bounds.enumerated().filter { index, _ in index.isMultiple(of: 2) }.map(\.element)
  let reduction = PiecewiseReduction<Float>(
    in: memory, segments: bounds, pieces: pieces, shards: partition, rank: world.rank, threads: own.count)
  for step in 0..<3 {
    let seed = UInt64(1000 * shards + step)
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      DispatchQueue.concurrentPerform(iterations: own.count) { index in
        add(shard: own.lowerBound + index, bounds, seed, to: reduction)
      }
    }
    if waiting == .spinning {
      group.wait()
    }
    try reduction.finish(over: world, waiting: waiting) { false }
    group.wait()
    let total = memory.withTotal { total in (0..<length).map { index in total[index] } }
    let all: [[Float]] = (0..<shards).map { shard in vector(shard: shard, length: length, seed: seed) }
    let expected = treeSum(all[...])
    for index in 0..<length where total[index] != expected[index] {
      throw CheckFailure(
        description: "\(shards) shards, pieces at \(bounds), step \(step), element \(index): "
          + "expected \(expected[index]), found \(total[index])")
    }
  }
}

/// Adds a vector in segments from its end, as a backward pass does, in memory that holds another segment before.
private func add(shard: Int, _ bounds: [Int], _ seed: UInt64, to reduction: PiecewiseReduction<Float>) {
  let numbers: [Float] = vector(shard: shard, length: length, seed: seed)
  reduction.withSegment { elements in
    for (segment, range) in reduction.segments.enumerated().reversed() {
      usleep(UInt32(500 * (shard % 3)))
      for index in range {
        elements[index - range.lowerBound] = numbers[index]
      }
      reduction.add(elements.span.extracting(0..<range.count), segment: segment, shard: shard)
    }
  }
}

/// After a shard has failed, nothing waits for its pieces.
private func checkFailure(_ world: borrowing Communicator) throws {
  let partition = BlockPartition(total: world.size, parts: world.size)
  let memory = SumMemory<Float>(length: length)
  let reduction = PiecewiseReduction<Float>(
    in: memory, segments: [0, 500], pieces: [0, 500], shards: partition, rank: world.rank, threads: 1)
  let numbers: [Float] = vector(shard: world.rank, length: length, seed: 1)
  reduction.add(numbers.span.extracting(500..<length), segment: 1, shard: world.rank)
  try reduction.finish(over: world, waiting: .sleeping) { true }
  // New vectors are zero.
  let total = memory.withTotal { total in (0..<length).map { index in total[index] } }
  try expect(total[0..<500].allSatisfy { element in element == 0 }, "a piece was reduced that nobody brought")
  try expect(total[500...].contains { element in element != 0 }, "a piece that was there was left")
}
