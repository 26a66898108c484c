/// The amount of output of a command.
package enum Verbosity: Sendable {
  /// Warnings and errors only.
  case quiet
  /// Progress and results.
  case normal
  /// Progress, results and every logged step.
  case verbose
}
