// A training step with all of its messages, by the MPI target, in which computing is a delay: scripts/check-simulation.sh runs it under a
// simulator of networks, and compares its seconds with those of `supcon plan --hosts`.
//
//   SIMULATED_STEP='NAME=VALUE…' mpirun -np N simulated-step

import Glibc
import MPI

@main
struct SimulatedStep {
  static func main() {
    do {
      try withMPI(
        { world in try step(StepInputs(environmentValue("SIMULATED_STEP") ?? ""), over: world) },
        onFailure: { error, rank in
          print("rank \(rank): \(error)")
          return 1
        })
    } catch {
      print("\(error)")
    }
  }

  /// Takes a step, and prints its seconds, bytes and calls on rank 0.
  static func step(_ inputs: StepInputs, over world: borrowing Communicator) throws {
    let partition = BlockPartition(total: inputs.shardsPerRank * world.size, parts: world.size)
    let pieces = ReductionMessages.pieces(at: inputs.segments, length: inputs.vectorLength, ranks: world.size)
    let reduction = PiecewiseReduction<Summand>(
      in: SumMemory(length: inputs.vectorLength), segments: inputs.segments, pieces: pieces, shards: partition,
      rank: world.rank, threads: 1)
    var embeddings = [Float](repeating: 0, count: world.size * inputs.shardsPerRank * inputs.embeddingBytes / 4)
    var labels = [Int32](repeating: 0, count: world.size * inputs.shardsPerRank * inputs.labelBytes / 4)
    var statistics = [Float](repeating: 0, count: world.size * inputs.shardsPerRank * inputs.statisticBytes / 4)

    let groups = GroupReduction(groupSize: inputs.shardsPerRank * world.size, shards: partition, rank: world.rank)

    try world.barrier()
    let (start, before) = (seconds(), world.activity.communicationVolume)
    delay(inputs.forward)
    let forwardSums = try sum(inputs.forwardStatistics, groups, inputs, over: world)
    let forwardEnd = seconds()
    if !embeddings.isEmpty {
      try gather(&embeddings, over: world)
    }
    if !labels.isEmpty {
      try gather(&labels, over: world)
    }
    let gathered = seconds()
    delay(inputs.loss / 2)
    let lossMiddle = seconds()
    if !statistics.isEmpty {
      try gather(&statistics, over: world)
    }
    let statisticsEnd = seconds()
    delay(inputs.loss / 2)
    let backwardSums = try sum(inputs.backwardStatistics, groups, inputs, over: world)
    let backwardStart = seconds()
    try reduce(reduction, inputs, shards: partition[world.rank], over: world)
    let reduceEnd = seconds()
    delay(inputs.update)

    var found = [
      seconds() - start, gathered - forwardEnd + statisticsEnd - lossMiddle,
      reduceEnd - backwardStart - inputs.backward, forwardSums + backwardSums,
    ]
    let volume = world.activity.communicationVolume.since(before)
    try world.allReduceMaximum(&found)
    if world.isRoot {
      print(
        "{\"ranks\": \(world.size), \"seconds_per_step\": \(found[0]), \"gather\": \(found[1]), \"reduce\": \(found[2]), \"statistics\": \(found[3]), "
          + "\"all_to_all_bytes\": \(volume[.allToAll].receivedByteCount), \"all_to_all_calls\": \(volume[.allToAll].calls), "
          + "\"all_gather_bytes\": \(volume[.allGather].receivedByteCount), \"all_gather_calls\": \(volume[.allGather].calls)}"
      )
    }
  }

  /// Sums vectors of each shard over all shards, one after the other, as BatchNorm does with the whole batch's
  /// statistics.
  ///
  /// - Returns: The seconds.
  static func sum(
    _ lengths: [Int], _ groups: GroupReduction, _ inputs: StepInputs, over world: borrowing Communicator
  ) throws -> Double {
    let start = seconds()
    for length in lengths {
      let zeros = [Double](repeating: 0, count: length)
      _ = try groups.sums(of: Array(repeating: zeros, count: inputs.shardsPerRank), count: length, over: world)
    }
    return seconds() - start
  }

  /// Gathers equal blocks, as the loss does.
  static func gather<Element: MPIElement>(_ elements: inout [Element], over world: borrowing Communicator) throws {
    let counts = [Int](repeating: elements.count / world.size, count: world.size)
    var span = elements.mutableSpan
    try world.allGatherInPlace(counts: counts, into: &span)
  }

  /// The backward pass and the reduction of its gradients.
  static func reduce(
    _ reduction: PiecewiseReduction<Summand>, _ inputs: StepInputs, shards: Range<Int>,
    over world: borrowing Communicator
  ) throws {
    let pass = BackwardPass(inputs, reduction, shards: shards)
    if inputs.isOverlapping {
      pass.begin(rank: world.rank)
      defer { BackwardPass.end(rank: world.rank) }
      try reduction.finish(over: world, waiting: .sleeping) {
        pass.addCompleted()
        return false
      }
      delay(pass.end - seconds())
    } else {
      delay(inputs.backward)
      pass.addCompleted()
      try reduction.finish(over: world, waiting: .spinning)
    }
  }
}
