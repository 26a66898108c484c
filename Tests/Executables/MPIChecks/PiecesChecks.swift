import Dispatch
import Glibc
import MPI

/// The reduction in pieces against a sequential evaluation of whole vectors, bit by bit, while threads still bring pieces and after that.
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
  let runs = BlockPartition(total: shards, parts: world.size)
  let own = runs[world.rank]
  let reduction = PiecewiseReduction<Float>(
    length: length, bounds: bounds, runs: runs, rank: world.rank)
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
    var total = [Float](repeating: .nan, count: length)
    try reduction.finish(over: world, into: &total, waiting: waiting) { false }
    group.wait()
    let all: [[Float]] = (0..<shards).map { shard in vector(shard: shard, length: length, seed: seed) }
    let expected = treeSum(all[...])
    for index in 0..<length where total[index] != expected[index] {
      throw CheckFailure(
        description: "\(shards) shards, pieces at \(bounds), step \(step), element \(index): "
          + "expected \(expected[index]), found \(total[index])")
    }
  }
}

/// Adds a vector in pieces from its end, as a backward pass does; missing pieces are NaN.
private func add(shard: Int, _ bounds: [Int], _ seed: UInt64, to reduction: PiecewiseReduction<Float>) {
  let numbers: [Float] = vector(shard: shard, length: length, seed: seed)
  reduction.withVector { elements in
    for index in 0..<length {
      elements[index] = .nan
    }
    var end = length
    for bound in bounds.reversed() {
      usleep(UInt32(500 * (shard % 3)))
      for index in bound..<end {
        elements[index] = numbers[index]
      }
      reduction.add(elements.span, bound..<end, shard: shard)
      end = bound
    }
  }
}

/// After a shard has failed, nothing waits for its pieces.
private func checkFailure(_ world: borrowing Communicator) throws {
  let runs = BlockPartition(total: world.size, parts: world.size)
  let reduction = PiecewiseReduction<Float>(
    length: length, bounds: [0, 500], runs: runs, rank: world.rank)
  let numbers: [Float] = vector(shard: world.rank, length: length, seed: 1)
  reduction.add(numbers.span, 500..<length, shard: world.rank)
  var total = [Float](repeating: .nan, count: length)
  try reduction.finish(over: world, into: &total, waiting: .sleeping) { true }
  try expect(total[0..<500].allSatisfy(\.isNaN), "a piece was reduced that nobody brought")
  try expect(!total[500...].contains(where: \.isNaN), "a piece that was there was left")
}
