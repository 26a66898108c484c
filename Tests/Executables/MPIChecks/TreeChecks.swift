import Dispatch
import Glibc
import MPI

/// An independent reference of the tree sum.
///
/// A node over `n` shards splits at the largest power of two below `n`.
func treeSum<Element: TreeElement & BinaryFloatingPoint>(_ shards: ArraySlice<[Element]>) -> [Element] {
  guard shards.count > 1, let first = shards.first else { return shards.first ?? [] }
  var half = 1
  while half << 1 < shards.count {
    half <<= 1
  }
  let middle = shards.startIndex + half
  let (left, right) = (treeSum(shards[..<middle]), treeSum(shards[middle...]))
  return first.indices.map { index in left[index] + right[index] }
}

/// Numbers of both signs from 10⁻⁶ to 10⁶: any other order of adding them gives other bits somewhere.
func vector<Element: BinaryFloatingPoint>(shard: Int, length: Int, seed: UInt64) -> [Element] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(shard) &* 0xD1B5_4A32_D192_ED03
  func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double((state ^ (state >> 29)) >> 11) * 0x1p-53
  }
  return (0..<length).map { _ in
    let magnitude = pow(10, 12 * uniform() - 6)
    return Element(uniform() < 0.5 ? -magnitude : magnitude)
  }
}

private let shardCounts = Array(1...9) + [16]

/// Shorter than the number of ranks, no multiple of it, and longer.
private let lengths = [1, 2, 3, 7, 64, 1001]

/// The fixed tree against a sequential evaluation, bit by bit.
func checkTree(_ world: borrowing Communicator) throws {
  for shards in shardCounts {
    for length in lengths {
      try checkTree(Float.self, shards: shards, length: length, world)
      try checkTree(Double.self, shards: shards, length: length, world)
    }
  }
}

private func checkTree<Element: TreeElement & BinaryFloatingPoint>(
  _ type: Element.Type, shards: Int, length: Int, _ world: borrowing Communicator
) throws {
  let partition = BlockPartition(total: shards, parts: world.size)
  let reduction = TreeReduction<Element>(length: length, shards: partition, rank: world.rank)
  // A reduction is used step after step, and must forget the one before.
  for step in 0..<3 {
    let seed = UInt64(1000 * shards + 10 * length + step)
    var order = Array(partition[world.rank])
    var shuffler = Shuffler(state: seed)
    order.shuffle(using: &shuffler)
    if step == 0 {
      for shard in order {
        let elements: [Element] = vector(shard: shard, length: length, seed: seed)
        reduction.add(elements.span, shard: shard)
      }
    } else {
      let own = order
      DispatchQueue.concurrentPerform(iterations: own.count) { index in
        let elements: [Element] = vector(shard: own[index], length: length, seed: seed)
        reduction.add(elements.span, shard: own[index])
      }
    }
    var total = [Element](repeating: .nan, count: length)
    try reduction.finish(over: world, into: &total)
    let all: [[Element]] = (0..<shards).map { shard in vector(shard: shard, length: length, seed: seed) }
    let expected = treeSum(all[...])
    for index in 0..<length where total[index] != expected[index] {
      throw CheckFailure(
        description: "\(type), \(shards) shards, length \(length), step \(step), element \(index): "
          + "expected \(expected[index]), found \(total[index])")
    }
  }
}

/// Shuffles the same on every run.
private struct Shuffler: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 31)
  }
}

/// The control: each rank's own sum and then `MPI_Allreduce`, whose bits depend on the number of ranks, against the
/// tree.
///
/// Reports the number of cases in which the bits differ; the tests expect some on three ranks.
func checkControl(_ world: borrowing Communicator) throws {
  var differing = 0
  for shards in shardCounts where shards >= world.size {
    let length = 257
    let partition = BlockPartition(total: shards, parts: world.size)
    var total = [Float](repeating: 0, count: length)
    for shard in partition[world.rank] {
      let elements: [Float] = vector(shard: shard, length: length, seed: UInt64(shards))
      for index in 0..<length {
        total[index] += elements[index]
      }
    }
    try world.allReduceSum(&total)
    let all: [[Float]] = (0..<shards).map { shard in vector(shard: shard, length: length, seed: UInt64(shards)) }
    let expected = treeSum(all[...])
    for index in 0..<length {
      let size = all.reduce(0) { sum, shard in sum + abs(shard[index]) }
      try expect(
        abs(total[index] - expected[index]) <= 1e-5 * size,
        "control, \(shards) shards, element \(index): expected about \(expected[index]), found \(total[index])")
    }
    differing += total == expected ? 0 : 1
  }
  report("differing \(differing)", world)
}
