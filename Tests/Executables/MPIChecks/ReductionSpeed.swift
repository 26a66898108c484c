import Glibc
import MPI

/// The time of the fixed tree against `MPI_Allreduce` for gradient vectors of common networks.
///
/// Run with `mpirun -np N mpi-checks reduction-speed`.
///
/// Each rank contributes one vector; only the exchange between ranks is timed. Rounds of both alternate.
func measureReduction(_ world: borrowing Communicator) throws {
  report("ranks  megabytes  tree, ms  MPI_Allreduce, ms  ratio (least, largest of the rounds)", world)
  for megabytes in [1, 46, 112] {
    let length = megabytes * 250_000
    let partition = BlockPartition(total: world.size, parts: world.size)
    let reduction = TreeReduction<Float>(length: length, shards: partition, rank: world.rank)
    let vector = [Float](repeating: 1, count: length)
    var total = [Float](repeating: 0, count: length)
    var sums = [Float](repeating: 1, count: length)
    var (tree, library): ([Double], [Double]) = ([], [])
    for _ in 0..<(megabytes == 1 ? 401 : 9) {
      reduction.add(vector.span, shard: world.rank)
      tree.append(try milliseconds(world) { world in try reduction.finish(over: world, into: &total) })
      library.append(try milliseconds(world) { world in try world.allReduceSum(&sums) })
    }
    // The first round touches memory for the first time.
    let ratios = zip(tree, library).dropFirst().map { tree, library in tree / library }.sorted()
    let medians = [tree, library].map { times in times.dropFirst().sorted()[(times.count - 1) / 2] }
    report(
      "\(world.size)  \(megabytes)  \(medians[0])  \(medians[1])  \(ratios[ratios.count / 2]) (\(ratios[0]), \(ratios[ratios.count - 1]))",
      world)
  }
}

/// The time of the slowest rank.
private func milliseconds(
  _ world: borrowing Communicator, _ body: (borrowing Communicator) throws -> Void
) throws -> Double {
  try world.barrier()
  let start = now()
  try body(world)
  var elapsed = [1e3 * (now() - start)]
  try world.allReduceMaximum(&elapsed)
  return elapsed[0]
}

private func now() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
