/// The amount of output of a command.
package enum Verbosity: Sendable {
  /// Output of warnings and errors only.
  case quiet
  /// Output of progress and results.
  case normal
  /// Output of progress, results and every logged step.
  case verbose
}
