import Configuration

/// A problem with the launch of a job, with its remedy.
package struct Finding: Sendable, Equatable, Codable {
  /// The exit code if the job must end because of the problem; `nil` if it only costs time or may cause a failure
  /// later.
  package let exitCode: ExitStatus?
  /// The location and description of the problem.
  package let problem: String
  /// The action that solves the problem, on one line.
  package let remedy: String

  /// Creates the finding of a launch check.
  package init(exitCode: ExitStatus?, problem: String, remedy: String) {
    self.exitCode = exitCode
    self.problem = problem
    self.remedy = remedy
  }

  /// The problem and, if known, the remedy, on one line.
  package var description: String { remedy.isEmpty ? problem : "\(problem); \(remedy)" }
}
