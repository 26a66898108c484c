import Datasets
import MPI

extension MemoryPlan {
  /// Notes, on rank 0, hosts that have too little memory for their ranks.
  ///
  /// Collective.
  static func check(
    _ recipe: Recipe, _ dataset: any ImageDataset, over world: borrowing Communicator, report: (String) -> Void
  ) throws {
    let ranksOnHost = try world.ranksOnHost()
    let own = try world.agreeing {
      let job = MemoryPlan.Job(ranks: world.size, ranksOnHost: ranksOnHost, savesOnTheWay: true)
      return "\(try MemoryPlan(recipe, viewSize: recipe.viewSize(of: dataset), job).byteCount) "
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
}
