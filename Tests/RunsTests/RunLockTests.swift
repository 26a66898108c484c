import Configuration
import Dispatch
import Glibc
import Runs
import TestSupport
import Testing

/// The lock of a run directory, held by another open file of this process.
struct RunLockTests {
  /// `F_OFD_SETLK`: a lock of the open file instead of the process, which conflicts with locks of this process.
  private static let openFileLock: Int32 = 37

  /// Locks a file until the returned descriptor is closed.
  private func hold(_ path: String, text: String) throws -> Int32 {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    let code = unsafe fcntl(descriptor, Self.openFileLock, &request)
    try #require(code == 0)
    _ = unsafe pwrite(descriptor, Array(text.utf8), text.utf8.count, 0)
    return descriptor
  }

  @Test(arguments: [
    ("", true), ("0", true), ("2.5", true), ("abc", false), ("-1", false), ("nan", false), ("inf", false),
  ])
  func `a time to wait is a number of seconds`(value: String, isFine: Bool) {
    let problem = RunLock.patienceProblem(in: value)
    #expect((problem == nil) == isFine)
    #expect(problem?.hasPrefix("SUPCON_LOCK_WAIT=\(value): expected a number of seconds") ?? true)
  }

  @Test func `a held lock is refused after the patience, naming its holder`() throws {
    let directory = try TemporaryDirectory()
    let descriptor = try hold(directory.file(".lock"), text: "process 7 on host elsewhere")
    defer { close(descriptor) }
    let start = ContinuousClock.now
    var lines: [String] = []
    let error = #expect(throws: RunError.self) {
      _ = try RunLock(directory: directory.path, patienceSeconds: 0.4) { line in lines.append(line) }
    }
    #expect(lines == ["\(directory.path): waiting up to 0.4 s for process 7 on host elsewhere …"])
    #expect(ContinuousClock.now - start >= .seconds(0.4))
    #expect(error?.exitCode == .output)
    for part in [directory.path, "in use by process 7 on host elsewhere", "wait for it to end", "--output"] {
      #expect(error?.description.contains(part) == true, "\(part)")
    }
  }

  @Test func `a run that is being trained is not free, and says who trains it`() throws {
    let run = try SmallRun(steps: [3])
    let descriptor = try hold("\(run.directory.path)/.lock", text: "process 10581 on host elsewhere")
    defer { close(descriptor) }
    let error = #expect(throws: RunError.self) { try run.directory.checkIsFree() }
    #expect(
      error?.description
        == "\(run.directory.path): is being trained by process 10581 on host elsewhere; choose another --output")
  }

  @Test func `a lock that is released in time is taken, and its file names the new holder`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file(".lock")
    let descriptor = try hold(path, text: String(repeating: "x", count: 500))
    let start = ContinuousClock.now
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(150)) { close(descriptor) }
    let lock = try RunLock(directory: directory.path, patienceSeconds: 30)
    #expect(ContinuousClock.now - start >= .seconds(0.1))
    #expect(String(decoding: try readBytes(path), as: UTF8.self) == "process \(getpid()) on host \(hostName())")
    _ = lock
  }

  @Test func `the patience is 15 s unless the environment sets another`() {
    #expect(RunLock.defaultPatienceSeconds == 15)
    for (text, seconds) in [("2.5", 2.5), ("0", 0), ("-1", 15), ("soon", 15), ("inf", 15)] {
      unsafe setenv(RunLock.patienceVariable, text, 1)
      #expect(RunLock.patienceSeconds == seconds, "\(text)")
    }
    unsafe unsetenv(RunLock.patienceVariable)
    #expect(RunLock.patienceSeconds == 15)
  }

  @Test func `a folder that does not exist is refused by name`() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: RunError.self) { _ = try RunLock(directory: directory.file("nowhere")) }
    #expect(error?.description.contains("nowhere/.lock: cannot be created") == true)
    #expect(error?.remedy.contains("nowhere and what is in it writable, or choose another --output") == true)
  }
}
