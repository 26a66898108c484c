import Configuration
import Job
import MPI
import Runs

extension MemoryEstimate {
  /// Reports, on rank 0, the hosts whose memory is too small for their ranks.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - step: The prepared training step.
  ///   - base: The resident memory of this rank before state and step were made, in bytes.
  ///   - evaluatedSamples: The largest number of samples whose representations are computed at a time between steps;
  ///     `nil` for a job without evaluations and tests.
  ///   - world: The ranks.
  ///   - report: Receives the findings, on rank 0.
  /// - Throws: The errors of oneDNN and MPI.
  package static func check(
    _ step: TrainingStep, base: Int, evaluatedSamples: Int?, over world: borrowing Communicator, report: Reporter
  ) throws {
    let job = MemoryEstimate.Job(ranks: world.size, ranksOnHost: world.hostSize, evaluatedSamples: evaluatedSamples)
    let sizes = try ModelSizes(of: step, isEvaluating: evaluatedSamples != nil)
    let estimate = MemoryEstimate(
      step.configuration, viewSize: step.configuration.trainingViewSize(of: step.dataset), job, sizes, base: base)
    let ranks = try world.allGather(
      value: LaunchChecks.MemoryFacts(
        host: hostName(), neededBytes: estimate.byteCountOfShare,
        availableBytes: ProcessMeasurements.availableByteCount() ?? Int.max))
    for finding in LaunchChecks.memory(ranks) {
      report.note(finding.description)
    }
  }
}
