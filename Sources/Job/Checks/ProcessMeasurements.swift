import FoundationEssentials
import Glibc

/// Measurements of this process and its host: time, memory and processors.
package enum ProcessMeasurements {
  /// Returns the time of the monotonic clock in seconds.
  package static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Returns the peak resident memory of this process in bytes.
  package static func peakResidentByteCount() -> Int64 {
    // Not `getrusage`: its peak includes that of the program that executed this one.
    kibibytes("VmHWM", of: "/proc/self/status").map { count in Int64(count) * 1024 } ?? 0
  }

  /// Returns the bytes of shared memory that the resident memory of this process contains beyond its share of them, if
  /// each page is divided evenly among the processes that use it; 0 if the kernel does not report it.
  package static func sharedByteCountOfOthers() -> Int64 {
    guard let resident = kibibytes("RssShmem", of: "/proc/self/status"),
      let share = kibibytes("Pss_Shmem", of: "/proc/self/smaps_rollup")
    else { return 0 }
    return Int64(max(resident - share, 0)) * 1024
  }

  /// Returns the current resident memory of this process in bytes; `nil` if the kernel does not report it.
  package static func residentByteCount() -> Int? {
    let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return text?.split(separator: " ").dropFirst().first.flatMap { pages in Int(pages) }
      .map { pages in pages * sysconf(Int32(_SC_PAGESIZE)) }
  }

  /// Returns the age of this process in seconds, to 10 ms; `nil` if the kernel does not report it.
  package static func secondsSinceStart() -> Double? {
    // Field 22 of /proc/self/stat (proc(5)) counts ticks since boot; field 2, in parentheses, may contain blanks.
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 19,
      let ticks = Double(fields[19])
    else { return nil }
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    let seconds = Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    return seconds >= 0 ? seconds : nil
  }

  /// Returns the model of this machine's CPU.
  package static func cpuName() -> String {
    field("model name", of: "/proc/cpuinfo") ?? "unknown CPU"
  }

  /// Returns the available memory in bytes of this host, or of the container or Slurm job; `nil` if the kernel does not
  /// report it.
  package static func availableByteCount() -> Int? {
    let ofHost = kibibytes("MemAvailable", of: "/proc/meminfo").map { count in count * 1024 }
    return [ofHost, ControlGroup().availableBytes].compactMap { count in count }.min()
  }

  /// Returns the bytes of this host's memory and swap space, free or not; `nil` if the kernel does not report them.
  package static func hostByteCounts() -> (memory: Int, swap: Int)? {
    kibibytes("MemTotal", of: "/proc/meminfo").map { memory in
      (1024 * memory, 1024 * (kibibytes("SwapTotal", of: "/proc/meminfo") ?? 0))
    }
  }

  /// Returns the number of processors that this process may run on; `nil` if the kernel does not report it.
  package static func allowedProcessorCount() -> Int? {
    allowedProcessors().map(\.count)
  }

  /// Returns the numbers of the processors that this process may run on; `nil` if the kernel does not report them.
  package static func allowedProcessors() -> Set<Int>? {
    field("Cpus_allowed_list:", of: "/proc/self/status").flatMap(processors).map(Set.init)
  }

  /// Parses a CPU list of the Linux kernel, such as `0-3,8`; `nil` for invalid text.
  package static func processors(_ list: String) -> [Int]? {
    var all: [Int] = []
    for part in list.split(separator: ",") {
      let bounds = part.split(separator: "-").map { text in Int(text.filter { letter in letter.isNumber }) }
      guard let first = bounds.first, let lower = first, let last = bounds.last, let upper = last, bounds.count <= 2,
        lower <= upper
      else { return nil }
      all += lower...upper
    }
    return all.isEmpty ? nil : all
  }

  /// Returns the text after `NAME:` in a file of `/proc`.
  private static func field(_ name: String, of path: String) -> String? {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { line in line.hasPrefix(name) }
    return line?.split(separator: ":").last.map { value in String(value.drop { letter in letter == " " }) }
  }

  private static func kibibytes(_ name: String, of path: String) -> Int? {
    field(name, of: path)?.split(whereSeparator: \.isWhitespace).first.flatMap { number in Int(number) }
  }
}
