import Formats
import MPI
import OneDNN

/// The exit codes of `supcon` (sysexits.h where it has one).
public enum ExitCode: Int32, Sendable {
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
public struct RunError: Error, CustomStringConvertible, Equatable {
  /// With which code every rank exits.
  public let exitCode: ExitCode

  /// What, where, what was expected, what to do.
  public let description: String

  /// An error in the given words.
  public init(_ exitCode: ExitCode, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }

  /// The error behind which any other one stands towards the user.
  public init(_ error: any Error) {
    switch error {
    case let error as RunError: self = error
    case let error as FileError:
      let code: ExitCode =
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

/// An error that all ranks know of, thrown by all of them: the job can end in order.
public struct CollectiveError: Error {
  /// What every rank reports.
  public let error: RunError
}

extension Communicator {
  /// Runs `body` on every rank, and throws on all of them if it throws on any.
  ///
  /// Collective. The error of the lowest failing rank is the one that all throw, with the rank's number if it is not rank 0.
  ///
  /// - Throws: ``CollectiveError``, or `MPIError` if the ranks cannot agree.
  public func throwingTogether<Result>(_ body: () throws -> Result) throws -> Result {
    var outcome: (result: Result?, error: RunError?) = (nil, nil)
    do {
      outcome.result = try body()
    } catch {
      outcome.error = RunError(error)
    }
    var codes = [Int32](repeating: 0, count: size)
    let own = [outcome.error.map { error in error.exitCode.rawValue } ?? 0]
    try allGather(own.span, into: &codes)
    guard let failed = codes.firstIndex(where: { code in code != 0 }) else {
      guard let result = outcome.result else { preconditionFailure("neither result nor error") }
      return result
    }
    let text = try broadcast(text: outcome.error?.description ?? "", from: failed)
    let code = ExitCode(rawValue: codes[failed]) ?? .software
    throw CollectiveError(error: RunError(code, failed == 0 ? text : "rank \(failed): \(text)"))
  }

  /// Runs `body` on rank 0 alone, and throws on all ranks if it throws.
  ///
  /// Collective.
  ///
  /// - Returns: What `body` returns, on rank 0.
  /// - Throws: ``CollectiveError``, or `MPIError` if the ranks cannot agree.
  @discardableResult
  public func onRoot<Result>(_ body: () throws -> Result) throws -> Result? {
    try throwingTogether { isRoot ? try body() : nil }
  }

  /// Copies a text of one rank to all.
  ///
  /// Collective.
  public func broadcast(text: String, from root: Int = 0) throws(MPIError) -> String {
    String(decoding: try broadcast(bytes: Array(text.utf8), from: root), as: UTF8.self)
  }
}
