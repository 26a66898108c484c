import Dispatch
import Foundation

/// The result of a finished process.
public struct ProcessResult: Sendable {
  /// The exit code; 128 + the signal's number if a signal ended it.
  public let exitCode: Int32
  /// The standard output.
  public let standardOutput: String
  /// The standard error.
  public let standardError: String
  /// The peak resident memory, sampled every few milliseconds; 0 if the process ended before the first sample.
  public let peakResidentBytes: Int
  /// The elapsed time.
  public let elapsedSeconds: Double

  /// The last line of the standard output that is not empty.
  public var lastLine: String {
    standardOutput.split(separator: "\n").last.map(String.init) ?? ""
  }
}

/// A reason that a process gave no result.
public enum ProcessFailure: Error {
  /// There is no executable of this name beside the test bundle.
  case notBuilt(String)
  /// It ran for longer than it may, and was killed.
  case timedOut(command: String, seconds: Int, standardError: String)
}

/// Runs a command to its end and returns its output.
///
/// Its outputs go through files, so that no full pipe can block it.
///
/// - Parameters:
///   - executable: The path of the program.
///   - arguments: Its arguments.
///   - environment: Variables to add to those of this process.
///   - timeoutSeconds: The time after which it is killed.
///   - onStart: Receives the process's number.
/// - Returns: The result, for any exit code.
/// - Throws: ``ProcessFailure`` if it took too long, or the system's error if it could not be started.
public func runProcess(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], timeoutSeconds: Int = 120,
  onStart: (Int32) -> Void = { _ in }
) throws -> ProcessResult {
  let directory = try TemporaryDirectory()
  let outputPath = directory.file("output")
  let errorPath = directory.file("error")
  try Data().write(to: URL(fileURLWithPath: outputPath))
  try Data().write(to: URL(fileURLWithPath: errorPath))

  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
  process.standardInput = FileHandle.nullDevice
  let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
  let error = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
  // Foundation keeps the handles of a process; above a thousand descriptors its `run` reads beyond the list of them and
  // crashes.
  defer {
    try? output.close()
    try? error.close()
  }
  process.standardOutput = output
  process.standardError = error
  let ended = DispatchSemaphore(value: 0)
  process.terminationHandler = { _ in ended.signal() }

  let start = DispatchTime.now()
  // Threads of Dispatch block most signals, which the process would inherit.
  var (none, own) = (sigset_t(), sigset_t())
  unsafe sigemptyset(&none)
  unsafe pthread_sigmask(SIG_SETMASK, &none, &own)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &own, nil) }
  try process.run()
  onStart(process.processIdentifier)
  var peak = 0
  while ended.wait(timeout: .now() + .milliseconds(5)) == .timedOut {
    peak = max(peak, peakResidentBytes(ofProcess: process.processIdentifier))
    if DispatchTime.now() > start + .seconds(timeoutSeconds) {
      process.terminate()
      if ended.wait(timeout: .now() + .seconds(5)) == .timedOut {
        kill(process.processIdentifier, SIGKILL)
        ended.wait()
      }
      throw ProcessFailure.timedOut(
        command: ([executable] + arguments).joined(separator: " "), seconds: timeoutSeconds,
        standardError: try String(contentsOfFile: errorPath, encoding: .utf8))
    }
  }
  let elapsedSeconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
  report(elapsedSeconds, of: [executable] + arguments)
  let status = process.terminationStatus
  return ProcessResult(
    exitCode: process.terminationReason == .exit ? status : 128 + status,
    standardOutput: String(decoding: try Data(contentsOf: URL(fileURLWithPath: outputPath)), as: UTF8.self),
    standardError: String(decoding: try Data(contentsOf: URL(fileURLWithPath: errorPath)), as: UTF8.self),
    peakResidentBytes: peak, elapsedSeconds: elapsedSeconds)
}

/// Prints the elapsed time of a process, and the processor time of all processes so far, if `SUPCON_TEST_TIMES` is set.
private func report(_ elapsedSeconds: Double, of command: [String]) {
  guard ProcessInfo.processInfo.environment["SUPCON_TEST_TIMES"] != nil else { return }
  var usage = rusage()
  unsafe getrusage(RUSAGE_CHILDREN.rawValue, &usage)
  let times = [usage.ru_utime, usage.ru_stime]
  let processorSeconds = times.reduce(0) { sum, time in sum + Double(time.tv_sec) + 1e-6 * Double(time.tv_usec) }
  print("process \(elapsedSeconds) s, processor so far \(processorSeconds) s: \(command.joined(separator: " "))")
}

/// Runs a command on several ranks of this machine under `mpirun`, as root too and on fewer cores than ranks.
///
/// - Parameters:
///   - ranks: The number of processes.
///   - executable: The path of the program.
///   - arguments: Its arguments.
///   - environment: Variables to add to those of this process.
///   - timeoutSeconds: The time after which it is killed; `mpirun` itself gives up after half of that.
///   - graceSeconds: The time that `mpirun` gives ranks to end after a signal or the failure of a rank; always used in
///     full.
///   - onStart: Receives the launcher's process number.
/// - Returns: The combined result of all ranks; the exit code is that of the first rank to fail.
/// - Throws: ``ProcessFailure``.
public func runUnderMPI(
  ranks: Int, _ executable: String, _ arguments: [String], environment: [String: String] = [:],
  timeoutSeconds: Int = 120, graceSeconds: Int = 0, onStart: (Int32) -> Void = { _ in }
) throws -> ProcessResult {
  let usesMPICH = ProcessInfo.processInfo.environment["SUPCON_MPI"] == "mpich"
  let launch =
    usesMPICH
    ? ["mpiexec.mpich", "-n", "\(ranks)"]
    : [
      "mpirun", "--timeout", "\(max(timeoutSeconds / 2, 1))", "--oversubscribe", "--bind-to", "none", "-np",
      "\(ranks)",
    ]
  let settings = [
    "MPIEXEC_TIMEOUT": "\(max(timeoutSeconds / 2, 1))", "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_MCA_btl_tcp_disable_family": "6",
    // One host needs no search for fast networks, which takes each rank 0.2 s.
    "OMPI_MCA_pml": "ob1",
    // Ranks that wait give their core to those that work.
    "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_odls_base_sigkill_timeout": "\(graceSeconds)",
    "PRTE_MCA_odls_base_sigkill_timeout": "\(graceSeconds)",
  ]
  return try runProcess(
    "/usr/bin/env", launch + [executable] + arguments, environment: settings.merging(environment) { _, own in own },
    timeoutSeconds: timeoutSeconds,
    onStart: onStart)
}

/// The path of an executable of this package, which the build puts beside the test bundle.
///
/// - Throws: ``ProcessFailure/notBuilt(_:)``.
public func builtExecutable(_ name: String) throws -> String {
  let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
  guard FileManager.default.isExecutableFile(atPath: path) else { throw ProcessFailure.notBuilt(path) }
  return path
}

/// The high-water mark of a running process's resident memory, from the kernel; 0 if there is none to read.
private func peakResidentBytes(ofProcess identifier: Int32) -> Int {
  guard let status = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { line in line.hasPrefix("VmHWM:") })
  else { return 0 }
  return (Int(line.filter(\.isNumber)) ?? 0) * 1024
}
