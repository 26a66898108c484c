import Formats

/// The exit codes of `supcon` (sysexits.h where it has one).
package enum ExitStatus: Int32, Sendable {
  /// Done.
  case success = 0
  /// Something is wrong in the options alone.
  case usage = 64
  /// The content of data, weights or checkpoints is not what it should be.
  case data = 65
  /// A path is missing.
  case missing = 66
  /// A fault of the program, or a computation that ran into numbers that are not finite.
  case software = 70
  /// The run directory holds a run, is in use, or cannot be created.
  case output = 73
  /// Reading or writing failed.
  case inputOutput = 74
  /// Stopped on request; the run can be resumed.
  case stopped = 75
  /// Options contradict the run that is being resumed, or a configuration file is wrong.
  case configuration = 78
}

/// What ends a run before its end, in words for its user.
package struct RunError: Error, CustomStringConvertible, Equatable {
  /// With which code every rank exits.
  package let exitCode: ExitStatus

  /// What, where, what was expected, what to do.
  package let description: String

  /// An error in the given words.
  package init(_ exitCode: ExitStatus, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }

  /// The error behind which any other one stands towards the user.
  package init(_ error: any Error) {
    switch error {
    case let error as RunError: self = error
    case let error as FileError:
      let code: ExitStatus =
        switch error.kind {
        case .missing: .missing
        case .content: .data
        case .inputOutput: .inputOutput
        }
      self.init(code, error.description)
    default: self.init(.software, "\(error)")
    }
  }
}
