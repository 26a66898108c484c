import Configuration
import Formats
import MPI

/// An error that every rank throws, so that the job can end without deadlock.
package struct CollectiveError: Error {
  /// The error that every rank throws and reports.
  package let error: RunError

  /// Creates an error that every rank throws.
  package init(error: RunError) {
    self.error = error
  }
}

extension Communicator {
  /// Runs `body` on every rank, and throws on all of them if it throws on any.
  ///
  /// Collective. All ranks throw the error of the lowest failing rank; the message names that rank unless it is rank 0.
  ///
  /// - Throws: ``CollectiveError``, or `MPIError` if the ranks cannot agree.
  package func throwingTogether<Result>(_ body: () throws -> Result) throws -> Result {
    var outcome: (result: Result?, error: RunError?) = (nil, nil)
    do {
      outcome.result = try body()
    } catch {
      outcome.error = RunError(error)
    }
    var all = [Int32](repeating: 0, count: 2 * size)
    let own = [outcome.error?.exitCode.rawValue ?? 0, outcome.error?.isDivergence == true ? 1 : 0]
    try allGather(own.span, into: &all)
    let codes = (0..<size).map { rank in all[2 * rank] }
    guard let failed = codes.firstIndex(where: { code in code != 0 }) else {
      guard let result = outcome.result else { preconditionFailure("neither result nor error") }
      return result
    }
    let problem = try broadcast(text: outcome.error?.problem ?? "", from: failed)
    let remedy = try broadcast(text: outcome.error?.remedy ?? "", from: failed)
    let code = ExitStatus(rawValue: codes[failed]) ?? .software
    throw CollectiveError(
      error: RunError(
        code, failed == 0 ? problem : "rank \(failed): \(problem)", remedy: remedy,
        isDivergence: all[2 * failed + 1] == 1))
  }

  /// Runs `body` on rank 0 only, and throws on all ranks if it throws.
  ///
  /// Collective.
  ///
  /// - Returns: The result of `body` on rank 0; `nil` on other ranks.
  /// - Throws: ``CollectiveError``, or `MPIError` if the ranks cannot agree.
  @discardableResult
  package func onRoot<Result>(_ body: () throws -> Result) throws -> Result? {
    try throwingTogether { isRoot ? try body() : nil }
  }

  /// Broadcasts a text from the root rank.
  ///
  /// Collective.
  package func broadcast(text: String, from root: Int = 0) throws(MPIError) -> String {
    String(decoding: try broadcast(bytes: Array(text.utf8), from: root), as: UTF8.self)
  }
}
