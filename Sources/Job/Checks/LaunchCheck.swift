import Configuration
import MPI

/// The comparison of all ranks with which commands begin.
package enum LaunchCheck {
  /// Compares all ranks and reports each finding.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - threads: The number of threads that the options ask for.
  ///   - world: The ranks.
  ///   - report: Receives a note of each finding that does not end the job, on rank 0.
  /// - Throws: ``CollectiveError`` for a finding that ends the job.
  package static func run(
    threads: Int, over world: borrowing Communicator, report: (String) -> Void
  ) throws {
    world.activity.begin("comparing the ranks")
    let ranks = try RankFacts(threads: threads, neededBytes: nil, over: world).gathered(over: world)
    let findings = LaunchChecks.findings(ranks)
    // All ranks have the same facts, so all of them throw.
    if let fatal = findings.first(where: { finding in finding.exitCode != nil }), let code = fatal.exitCode {
      throw CollectiveError(error: RunError(code, fatal.description))
    }
    for finding in findings {
      report("note: \(finding.description)")
    }
  }
}
