import Glibc
import MPI

/// An expectation that did not hold, or a failure made on purpose.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String
}

/// Ends the check if something does not hold.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws(CheckFailure) {
  if !condition {
    throw CheckFailure(description: message())
  }
}

/// Ends the check if two values differ.
func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws(CheckFailure) {
  try expect(found == expected, "\(what): expected \(expected), found \(found)")
}

/// One name of the command line and what it runs.
struct Check: Sendable {
  let name: String
  let run: @Sendable (borrowing Communicator) throws -> Void

  static let all = [
    Check(name: "collectives", run: checkCollectives),
    Check(name: "tree", run: checkTree),
    Check(name: "pieces", run: checkPieces),
    Check(name: "groups", run: checkGroups),
    Check(name: "memory", run: checkMemory),
    Check(name: "refused", run: checkRefusedMemory),
    Check(name: "control", run: checkControl),
    Check(name: "reduction-speed", run: measureReduction),
  ]
}

/// Prints a line on rank 0.
func report(_ text: String, _ world: borrowing Communicator) {
  if world.isRoot {
    write(line: text, to: STDOUT_FILENO)
  }
}

/// Writes a line at once; a job that is aborted flushes no buffers.
func write(line: String, to descriptor: Int32) {
  let bytes = Array((line + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { bytes in unsafe write(descriptor, bytes.baseAddress, bytes.count) }
}
