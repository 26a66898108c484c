import Datasets
import MPI
import OneDNN

/// How much memory a run takes, estimated before it is begun.
enum MemoryNeed {
  /// The program, its libraries and the MPI library's buffers.
  private static let baseByteCount = 100_000_000

  /// Notes, on rank 0, hosts that have too little memory for their ranks.
  ///
  /// Collective.
  static func check(
    _ recipe: Recipe, _ dataset: any ImageDataset, over world: borrowing Communicator, report: (String) -> Void
  ) throws {
    let ranksOnHost = try world.ranksOnHost()
    let own = try world.agreeing {
      "\(try byteCount(recipe, dataset, ranks: world.size, ranksOnHost: ranksOnHost)) "
        + "\(ProcessMeasurements.availableByteCount() ?? Int.max) \(hostName())"
    }
    let ranks = try world.allGather(text: own).map { text in
      let words = text.split(separator: " ", maxSplits: 2).map(String.init)
      return LaunchChecks.MemoryFacts(
        host: words[2], neededBytes: Int(words[0]) ?? 0, availableBytes: Int(words[1]) ?? Int.max)
    }
    for finding in LaunchChecks.memory(ranks) {
      report("note: \(finding.description)")
    }
  }

  /// About how many bytes one rank takes.
  static func byteCount(
    _ recipe: Recipe, _ dataset: any ImageDataset, ranks: Int, ranksOnHost: Int
  ) throws -> Int {
    // Activations grow with the rows of a shard, which need not all be planned for.
    let plannedRows = min(recipe.shardSize * recipe.views, 4)
    let model = try TrainingModel(Engine(), recipe, viewSize: recipe.viewSize(of: dataset), rows: plannedRows)
    let activations =
      try model.encoder.makeRecord().byteCount / plannedRows * recipe.shardSize * recipe.views
    let shards = (recipe.shardCount + ranks - 1) / ranks
    let budget = ActivationMemory(recipe.activationMemory)?.byteCount(ranksOnHost: ranksOnHost) ?? 0
    let kept = min(shards, max(budget / max(activations, 1), min(recipe.threads, shards)))
    // Weights, momentum, the reduced vector, copies for sending, and about log₂ shards + threads partial sums.
    let sums = shards.bitWidth - shards.leadingZeroBitCount + recipe.threads
    let vectors = (5 + sums) * model.parameterLayout.count * MemoryLayout<Float>.size
    return baseByteCount + kept * activations + vectors
  }
}
