import Formats

/// The exit codes of `supcon`; those of sysexits.h where one fits.
package enum ExitStatus: Int32, Sendable, CaseIterable, Codable {
  /// Success.
  case success = 0
  /// An option, or a combination of options, is wrong.
  case usage = 64
  /// A data, weight or checkpoint file has invalid content.
  case data = 65
  /// An input is missing.
  case missing = 66
  /// A bug of the program, or a computation that produced NaN or infinity.
  case software = 70
  /// An output cannot be created, or is a run directory that holds a run or is in use.
  case output = 73
  /// Reading or writing a file failed.
  case inputOutput = 74
  /// Stopped on request; the run can be resumed.
  case stopped = 75
  /// Options contradict the run that is being resumed, or a configuration file is invalid.
  case configuration = 78

  /// The meaning of the code in words, as in `supcon help exit-codes` and docs/reference.md.
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
      "a --config file is wrong, options contradict the run being resumed, a rank runs another build of supcon, oneDNN or MPI is older than the build's, or supcon doctor found something"
    }
  }
}

/// An error that ends the program, described for the user.
package struct RunError: Error, CustomStringConvertible, Equatable {
  /// The exit status of every rank.
  package let exitCode: ExitStatus

  /// The description of the problem: location (file, line or option), expected value and value found.
  package let problem: String

  /// The action that solves the problem; empty if none is known.
  package let remedy: String

  /// True if training diverged: a loss, gradient or weight is NaN or infinite.
  package let isDivergence: Bool

  /// Creates an error with its remedy.
  package init(_ exitCode: ExitStatus, _ problem: String, remedy: String, isDivergence: Bool = false) {
    self.exitCode = exitCode
    self.problem = problem
    self.remedy = remedy
    self.isDivergence = isDivergence
  }

  /// Creates an error without a known remedy.
  package init(_ exitCode: ExitStatus, _ problem: String) {
    self.init(exitCode, problem, remedy: "")
  }

  /// The problem and, if known, the remedy, on one line.
  package var description: String { remedy.isEmpty ? problem : "\(problem); \(remedy)" }

  /// Converts any other error to an error for the user.
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
