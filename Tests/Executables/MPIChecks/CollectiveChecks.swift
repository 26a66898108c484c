import Glibc
import MPI

/// Every collective against its closed form.
func checkCollectives(_ world: borrowing Communicator) throws {
  try expect((0..<world.size).contains(world.rank), "rank \(world.rank) of \(world.size)")
  try expectEqual(world.isRoot, world.rank == 0, "isRoot")
  try checkTypes(UInt8.self, world)
  try checkTypes(UInt16.self, world)
  try checkTypes(Int32.self, world)
  try checkTypes(Int64.self, world)
  try checkTypes(Float.self, world)
  try checkTypes(Double.self, world)
  try checkBarrier(world)
}

private func checkTypes<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  try checkReductions(type, world)
  try checkGathers(type, world)
  try checkLongGathers(type, world)
  try checkBroadcast(type, world)
  try checkExchangeOfBlocks(type, world)
}

private func number<Element: Numeric>(_ value: Int) throws(CheckFailure) -> Element {
  guard let number = Element(exactly: value) else { throw CheckFailure(description: "\(value) is no \(Element.self)") }
  return number
}

private func checkReductions<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  let (rank, size) = (world.rank, world.size)
  var sums: [Element] = [try number(rank), try number(1), try number(rank * rank)]
  try world.allReduceSum(&sums)
  let squares = (size - 1) * size * (2 * size - 1) / 6
  try expectEqual(
    sums, [try number(size * (size - 1) / 2), try number(size), try number(squares)], "sum of \(type)")

  // A different rank has the largest number at each place.
  var maxima: [Element] = []
  for place in 0..<5 {
    maxima.append(try number((rank + place) % size))
  }
  try world.allReduceMaximum(&maxima)
  try expectEqual(maxima, Array(repeating: try number(size - 1), count: 5), "maximum of \(type)")

  var none: [Element] = []
  try world.allReduceSum(&none)
}

private func checkGathers<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  let (rank, size) = (world.rank, world.size)
  let pair: [Element] = [try number(2 * rank), try number(2 * rank + 1)]
  var pairs = [Element](repeating: .zero, count: 2 * size)
  try world.allGather(pair.span, into: &pairs)
  try expectEqual(pairs, try (0..<2 * size).map { index in try number(index) }, "equal blocks of \(type)")

  // Block sizes 2, 0, 1, 2, …: then the same the other way round, and nothing at all.
  for shift in 0..<3 {
    let counts = (0..<size).map { owner in (2 * owner + 2 + shift) % 3 }
    let first = counts[..<rank].reduce(0, +)
    let block: [Element] = try (0..<counts[rank]).map { index in try number(first + index) }
    let total = counts.reduce(0, +)
    var gathered = [Element](repeating: .zero, count: total)
    try world.allGather(block.span, counts: counts, into: &gathered)
    try expectEqual(gathered, try (0..<total).map { index in try number(index) }, "blocks \(counts) of \(type)")
  }
  var nothing: [Element] = []
  let empty: [Element] = []
  try world.allGather(empty.span, counts: Array(repeating: 0, count: size), into: &nothing)
}

/// Blocks of more elements than one call counts, here 3, are broadcast one after the other in pieces.
private func checkLongGathers<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  let counts = (0..<world.size).map { owner in [7, 0, 4][owner % 3] }
  let total = counts.reduce(0, +)
  let first = counts[..<world.rank].reduce(0, +)
  var gathered = [Element](repeating: .zero, count: total)
  for index in first..<first + counts[world.rank] {
    gathered[index] = try number(index)
  }
  let callsBefore = world.activity.communicationVolume[.broadcast].calls
  var elements = gathered.mutableSpan
  try world.allGatherInPlace(counts: counts, into: &elements, waiting: .spinning, countLimit: 3)
  try expectEqual(gathered, try (0..<total).map { index in try number(index) }, "long blocks \(counts) of \(type)")
  // 7 elements are 3, 3 and 1; 4 are 3 and 1.
  let calls = (0..<world.size).reduce(0) { sum, owner in sum + [3, 0, 2][owner % 3] }
  try expectEqual(
    world.activity.communicationVolume[.broadcast].calls - callsBefore, calls, "broadcasts of long blocks of \(type)")
}

private func checkBroadcast<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  for root in 0..<world.size {
    var elements: [Element] = [try number(world.rank), try number(7), try number(10 + world.rank)]
    try world.broadcast(&elements, from: root)
    try expectEqual(
      elements, [try number(root), try number(7), try number(10 + root)], "broadcast of \(type) from \(root)")
  }
  var nothing: [Element] = []
  try world.broadcast(&nothing, from: world.size - 1)
}

/// Rank s sends (s + 2r) mod 3 elements to rank r, counted up from 16 s + 2 r, and keeps what it had for itself.
private func checkExchangeOfBlocks<Element: MPIElement & Numeric & Comparable>(
  _ type: Element.Type, _ world: borrowing Communicator
) throws {
  func block(from source: Int, to target: Int) throws -> [Element] {
    try (0..<(source + 2 * target) % 3).map { index in try number(16 * source + 2 * target + index) }
  }
  let rank = world.rank
  let sent = try (0..<world.size).map { target in try block(from: rank, to: target) }
  var expected = try (0..<world.size).map { source in try block(from: source, to: rank) }
  let mark: Element = try number(99)
  expected[rank] = expected[rank].map { _ in mark }
  let blocks = Array(sent.joined())
  var received = [Element](repeating: mark, count: expected.joined().count)
  var target = received.mutableSpan
  try world.exchangeBlocks(
    blocks.span, sendCounts: sent.map(\.count), into: &target, receiveCounts: expected.map(\.count))
  try expectEqual(received, Array(expected.joined()), "blocks exchanged of \(type)")
}

/// Nobody leaves a barrier before the last one has come.
private func checkBarrier(_ world: borrowing Communicator) throws {
  usleep(UInt32(20_000 * world.rank))
  let entered = try monotonicSeconds()
  try world.barrier()
  let left = try monotonicSeconds()
  var times = [Double](repeating: 0, count: 2 * world.size)
  let own = [entered, left]
  try world.allGather(own.span, into: &times)
  let lastEntry = stride(from: 0, to: times.count, by: 2).map { index in times[index] }.max() ?? 0
  let firstExit = stride(from: 1, to: times.count, by: 2).map { index in times[index] }.min() ?? 0
  try expect(firstExit >= lastEntry, "a rank left the barrier \(lastEntry - firstExit) s before the last one came")
}

private func monotonicSeconds() throws(CheckFailure) -> Double {
  var time = timespec()
  try expect(unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0, "no monotonic clock")
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
