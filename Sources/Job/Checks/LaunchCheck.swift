import Configuration
import MPI

/// The check of the launch at the start of a command.
package enum LaunchCheck {
  /// Compares the hosts, programs and options of all ranks and reports every problem.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - threads: The number of threads that the options request.
  ///   - world: The ranks.
  ///   - report: Receives a note about each problem that does not end the job, on rank 0.
  /// - Throws: ``CollectiveError`` for a problem that ends the job.
  package static func run(
    threads: Int, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("comparing the ranks")
    let ranks = try RankFacts(threads: threads, neededBytes: nil, over: world).gathered(over: world)
    let findings = LaunchChecks.findings(ranks)
    // All ranks have the same list of problems, so all of them throw.
    if let fatal = findings.first(where: { finding in finding.exitCode != nil }), let code = fatal.exitCode {
      throw CollectiveError(error: RunError(code, fatal.description))
    }
    for finding in findings {
      report.note(finding.description)
    }
  }
}
