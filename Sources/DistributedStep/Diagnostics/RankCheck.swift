import Configuration
import FlatVectors
import Formats
import Job
import MPI
import NeuralNet
import Runs

/// The comparison of the training state across ranks (`--check-ranks`).
enum RankCheck {
  /// Compares batch order, loss, weights, running statistics and optimizer state across ranks, one named parameter at a
  /// time.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - state: The state after a step.
  ///   - batch: The samples of the step.
  ///   - loss: The loss of the step.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming the first rank and parameter that differ from those of rank 0.
  static func run(
    _ state: TrainingState, _ batch: GlobalBatch, loss: Double, over world: borrowing Communicator
  ) throws {
    let own = digests(state, batch, loss: loss)
    var all = [Int64](repeating: 0, count: own.count * world.size)
    let digests = own.map(\.digest)
    try world.allGather(digests.span, into: &all)
    let hosts = try world.allGather(text: hostName())
    for rank in 1..<max(world.size, 1) {
      for (index, (what, _)) in own.enumerated() where all[rank * own.count + index] != all[index] {
        throw CollectiveError(
          error: RunError(
            .software,
            "step \(state.step): rank \(rank) on host \(hosts[rank]) differs from rank 0 on host \(hosts[0]) in \(what)",
            remedy:
              "look at that host's memory and programs (supcon doctor), and continue from a checkpoint before this step"
          ))
      }
    }
  }

  private static func digests(
    _ state: TrainingState, _ batch: GlobalBatch, loss: Double
  ) -> [(what: String, digest: Int64)] {
    let samples = Array(batch.samples)
    var digests = unsafe [
      (what: "the order of samples", digest: digest(samples.span.bytes)),
      (what: "the loss", digest: Int64(bitPattern: loss.bitPattern)),
    ]
    func add(_ vector: FlatVector, _ layout: VectorLayout, _ title: String) {
      vector.withSpan { elements in
        for slice in layout.slices {
          digests.append((title + slice.name, unsafe digest(elements.extracting(slice.range).bytes)))
        }
      }
    }
    add(state.parameters, state.parameterLayout, "the weights of ")
    add(state.statistics, state.statisticsLayout, "the running statistics ")
    for (name, vector) in zip(state.optimizer.stateNames, state.optimizer.state) {
      add(vector, state.parameterLayout, "the optimizer's \(name) of ")
    }
    if let average = state.average {
      add(average.parameters, state.parameterLayout, "the averaged weights of ")
      add(average.statistics, state.statisticsLayout, "the averaged running statistics ")
    }
    return digests
  }

  /// Returns the first eight bytes of the SHA-256 of some bytes.
  private static func digest(_ bytes: RawSpan) -> Int64 {
    let hash = SHA256()
    hash.update(bytes)
    return hash.finalize().prefix(8).reduce(0) { number, byte in number << 8 | Int64(byte) }
  }
}
