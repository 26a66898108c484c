import Formats

/// The exit codes of `supcon` (sysexits.h where it has one).
package enum ExitStatus: Int32, Sendable, CaseIterable {
  /// Done.
  case success = 0
  /// Something is wrong in the options alone.
  case usage = 64
  /// The content of data, weights or checkpoints is not what it should be.
  case data = 65
  /// An input is missing.
  case missing = 66
  /// A fault of the program, or a computation that produced NaN or infinity.
  case software = 70
  /// An output cannot be created, or is a run directory that holds a run or is in use.
  case output = 73
  /// Reading or writing failed.
  case inputOutput = 74
  /// Stopped on request; the run can be resumed.
  case stopped = 75
  /// Options contradict the run that is being resumed, or a configuration file is wrong.
  case configuration = 78

  /// The meaning, as `supcon help exit-codes` and docs/reference.md say it.
  package var meaning: String {
    switch self {
    case .success: "done"
    case .usage: "an option or a combination of options is wrong"
    case .data: "the content of data, weights or checkpoints is wrong"
    case .missing: "an input does not exist"
    case .software: "internal error, NaN or infinite values, or a job that hung for --stall-timeout"
    case .output: "an output cannot be created: a missing or read-only folder, a run that is there already or in use"
    case .inputOutput: "reading or writing failed, such as on a full disk, or a rank's watchdog cannot reach rank 0's"
    case .stopped:
      "stopped by a signal or --max-time: a training run is saved and --resume continues it; other commands say that nothing was stored"
    case .configuration:
      "a --config file is wrong, options contradict the run being resumed, a rank runs another build of supcon, or supcon doctor found something"
    }
  }
}

/// An error that ends a run, described for its user.
package struct RunError: Error, CustomStringConvertible, Equatable {
  /// The code with which every rank exits.
  package let exitCode: ExitStatus

  /// The place, what was expected there and what was found.
  package let problem: String

  /// The action that puts it right; empty where none is known.
  package let remedy: String

  /// An error with its remedy.
  package init(_ exitCode: ExitStatus, _ problem: String, remedy: String) {
    self.exitCode = exitCode
    self.problem = problem
    self.remedy = remedy
  }

  /// An error without a known remedy.
  package init(_ exitCode: ExitStatus, _ problem: String) {
    self.init(exitCode, problem, remedy: "")
  }

  /// Problem and remedy as one line.
  package var description: String { remedy.isEmpty ? problem : "\(problem); \(remedy)" }

  /// Creates the user-facing error that wraps any other error.
  package init(_ error: any Error) {
    switch error {
    case let error as RunError: self = error
    case let error as FileError:
      let code: ExitStatus =
        switch error.kind {
        case .missing: .missing
        case .content: .data
        case .creation: .output
        case .inputOutput: .inputOutput
        }
      self.init(code, error.description)
    default: self.init(.software, "\(error)")
    }
  }
}
