import Configuration
import Job
import MPI
import Runs

extension MemoryPlan {
  /// Notes, on rank 0, hosts that have too little memory for the steps of their ranks.
  ///
  /// Collective.
  package static func check(_ step: TrainingStep, over world: borrowing Communicator, report: (String) -> Void) throws {
    let job = MemoryPlan.Job(ranks: world.size, ranksOnHost: try world.ranksOnHost(), savesOnTheWay: true)
    let plan = MemoryPlan(
      step.configuration, viewSize: step.configuration.viewSize(of: step.dataset), job, try ModelSizes(of: step),
      base: ProcessMeasurements.residentByteCount() ?? 0)
    let own = "\(plan.byteCount) \(ProcessMeasurements.availableByteCount() ?? Int.max) \(hostName())"
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
