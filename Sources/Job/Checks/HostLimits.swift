import Configuration
import FoundationEssentials
import Glibc
import MPI
import OneDNN
import Watchdog

/// The limits that a container, a shell or environment variables impose on a rank, in addition to those of its host.
package struct HostLimits: Codable, Equatable {
  /// The number of CPUs that the control group's quota allows; `nil` without a quota.
  package var processorQuota: Double?
  /// The remaining address space of this process below the `ulimit -v` limit, in bytes; `nil` without a limit.
  package var addressSpaceBytes: Int?
  /// The free bytes of `/dev/shm`, through which ranks of a host exchange data; `nil` if there is none.
  package var sharedMemoryBytes: Int?
  /// The CPU's instruction set, if the environment variable `ONEDNN_MAX_CPU_ISA` restricts oneDNN to a lower one; else
  /// `nil`.
  package var unusedInstructions: String?

  /// Creates limits that restrict nothing.
  package init() {}

  /// The limits of this process.
  package static var current: HostLimits {
    var limits = HostLimits()
    limits.processorQuota = ControlGroup().processors
    limits.addressSpaceBytes = addressSpace()
    limits.sharedMemoryBytes = sharedMemory()
    if environmentValue(libraryLimit) ?? environmentValue("DNNL_MAX_CPU_ISA") != nil, let level = levelOfCPU(),
      InstructionSetAgreement.offered < level
    {
      limits.unusedInstructions = level.name
    }
    return limits
  }

  static let libraryLimit = "ONEDNN_MAX_CPU_ISA"

  /// The address space that MPI, oneDNN and their threads need to start, in bytes.
  private static let leastAddressSpace = 400 << 20

  /// The error if the limit of `ulimit -v` is too low for the libraries to start, else `nil`; reported before MPI is
  /// initialized.
  package static func startProblem(threads: Int) -> String? {
    startProblem(addressSpace: addressSpaceLimit) ?? startProblem(openFiles: raiseDescriptorLimit(toHold: 512))
      ?? (canStart(threads: threads)
        ? nil
        : "ulimit -u: the limit of processes and threads of this user leaves no room for the \(counted(threads, "thread")) of this rank and those of MPI; raise it before the start: ulimit -u unlimited")
  }

  /// The number of files that MPI, the watchdog and a dataset have open at once, at least.
  private static let leastOpenFiles = 64

  /// Returns the error for a limit of `ulimit -n` that is too low to start; else `nil`.
  package static func startProblem(openFiles limit: Int?) -> String? {
    guard let limit, limit < leastOpenFiles else { return nil }
    return
      "ulimit -n \(limit): too few files can be open at once, expected at least \(leastOpenFiles); raise the limit before the start: ulimit -n 1024"
  }

  /// Tries to run as many threads at once as a rank needs, if a limit of the user might forbid it.
  private static func canStart(threads: Int) -> Bool {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit) == 0, limit.rlim_cur < 4096 else {
      return true
    }
    // MPI, the watchdog, the prefetcher, the checkpoint writer and the status line have threads of their own.
    // A number that no option allows is refused by the command.
    let count = min(max(threads, 1), ComputeOptions.largestThreadCount) + 8
    var started: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      let code = unsafe pthread_create(
        &thread, nil,
        { _ in
          usleep(20_000)
          return nil
        }, nil)
      guard code == 0 else { break }
      started.append(thread)
    }
    for thread in started { pthread_join(thread, nil) }
    return started.count == count
  }

  /// Returns the error for a limit of `ulimit -v`, in bytes, that is too low for the libraries to start; else `nil`.
  package static func startProblem(addressSpace limit: Int?) -> String? {
    guard let limit, limit < leastAddressSpace else { return nil }
    return
      "ulimit -v \(limit >> 10): an address space of \(limit >> 20) MB is too small to start in, expected at least \(leastAddressSpace >> 20) MB; raise it before the start: ulimit -v unlimited"
  }

  /// The limit of `ulimit -v` in bytes, or `nil` without one.
  package static var addressSpaceLimit: Int? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max / 2)
    else { return nil }
    return Int(limit.rlim_cur)
  }

  private static func addressSpace() -> Int? {
    guard let limit = addressSpaceLimit else { return nil }
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").first.flatMap { pages in Int(pages) } ?? 0
    return max(limit - pages * sysconf(Int32(_SC_PAGESIZE)), 0)
  }

  private static func sharedMemory() -> Int? {
    var status = statvfs()
    guard unsafe statvfs("/dev/shm", &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Returns the instruction set that the kernel reports for the CPU, ignoring environment variables.
  private static func levelOfCPU() -> InstructionSet? {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    guard let line = text.split(separator: "\n").first(where: { line in line.hasPrefix("flags") }) else { return nil }
    let flags = Set(line.split(whereSeparator: \.isWhitespace))
    if flags.contains("amx_bf16") { return .avx512AMX }
    // The higher level of such CPUs is not always taken.
    if flags.contains("avx512_bf16") { return .avx512BFloat16Maps }
    if flags.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl"]) { return .avx512 }
    return flags.contains("avx2") ? .avx2 : nil
  }
}
