import Configuration
import Formats
import Glibc
import Spelling

/// The lock of a run directory: only the job that holds it writes there.
///
/// It is held by rank 0; the operating system releases it when the process ends, even after a crash.
@safe
package final class RunLock {
  /// The time in seconds that a second job waits for the lock by default, because ranks may outlive a killed launcher
  /// by seconds.
  package static let defaultPatienceSeconds = 15.0

  /// The environment variable that sets another waiting time in seconds.
  package static let patienceVariable = "SUPCON_LOCK_WAIT"

  /// The waiting time of this process in seconds.
  package static var patienceSeconds: Double {
    guard let value = unsafe getenv(patienceVariable),
      let seconds = Double(decimal: unsafe String(cString: value)), seconds >= 0, seconds.isFinite
    else { return defaultPatienceSeconds }
    return seconds
  }

  /// The error message for an invalid value of the variable ``patienceVariable``; `nil` if the value is valid.
  package static var patienceProblem: String? {
    patienceProblem(in: unsafe getenv(patienceVariable).map { value in unsafe String(cString: value) } ?? "")
  }

  /// Returns the error message for an invalid value of ``patienceVariable``; `nil` if it is valid or empty (not set).
  package static func patienceProblem(in value: String) -> String? {
    guard !value.isEmpty else { return nil }
    return Double(decimal: value).map { seconds in (0...longestPatienceSeconds).contains(seconds) } ?? false
      ? nil : "\(patienceVariable)=\(value): expected a number of seconds from 0 to \(Int(longestPatienceSeconds))"
  }

  /// Thirty years, which a clock can still add to the present.
  private static let longestPatienceSeconds = 1e9

  private let descriptor: Int32

  /// Takes the lock of a run directory, waiting for another holder to end.
  ///
  /// - Parameters:
  ///   - directory: The existing run directory.
  ///   - patienceSeconds: The longest time to wait, in seconds.
  ///   - report: Receives a line when the wait begins.
  /// - Throws: ``RunError`` naming host and process of the job that holds the lock.
  package init(
    directory: String, patienceSeconds: Double = RunLock.patienceSeconds, report: (String) -> Void = { _ in }
  ) throws {
    let path = "\(directory)/.lock"
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RunError(
        .output, "\(path): cannot be created or written: \(unsafe String(cString: strerror(errno)))",
        remedy: "make \(directory) and what is in it writable, or choose another --output")
    }
    let deadline = ContinuousClock.now + .seconds(patienceSeconds)
    var isWaiting = false
    while true {
      let code = tryLock()
      if code == 0 { break }
      guard code == EAGAIN || code == EACCES else {
        throw RunError(
          .output,
          "\(path): cannot be locked: \(unsafe String(cString: strerror(code)))",
          remedy: "choose an --output on a file system with locks, or mount this one with them"
        )
      }
      guard ContinuousClock.now < deadline else {
        throw RunError(
          .output, "\(directory): is in use by \(holder())", remedy: "wait for it to end, or choose another --output")
      }
      if !isWaiting {
        report("\(directory): waiting up to \(plain(patienceSeconds)) s for \(holder()) …")
        isWaiting = true
      }
      usleep(100_000)
    }
    let text = Array("process \(getpid()) on host \(hostName())".utf8)
    ftruncate(descriptor, 0)
    _ = unsafe pwrite(descriptor, text, text.count, 0)
  }

  deinit { close(descriptor) }

  /// Tries to take the lock once; returns 0 or the system's error number.
  private func tryLock() -> Int32 {
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    return unsafe fcntl(descriptor, F_SETLK, &request) == 0 ? 0 : errno
  }

  private func holder() -> String { Self.holder(descriptor) }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : "another process"
  }

  /// Returns the description of the process that holds the lock of a run directory; `nil` if no other process holds it.
  ///
  /// Does not take the lock, and also works in a read-only folder. A process that holds the lock must not call it and
  /// write afterwards: closing any descriptor of a file drops all locks of `fcntl` that the process has on it.
  package static func holder(ofDirectory directory: String) -> String? {
    let descriptor = unsafe open("\(directory)/.lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    guard unsafe fcntl(descriptor, F_GETLK, &request) == 0, request.l_type != Int16(F_UNLCK) else { return nil }
    return holder(descriptor)
  }
}
