import FoundationEssentials
import Glibc

/// What a process can say of its own time and memory.
package enum ProcessMeasurements {
  /// Seconds on a clock that never goes back.
  package static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The largest resident memory that this process ever had.
  package static func peakResidentByteCount() -> Int64 {
    // Not `getrusage`: its largest size is that of the program that started this one, if that is larger.
    kibibytes("VmHWM", of: "/proc/self/status").map { count in Int64(count) * 1024 } ?? 0
  }

  /// The resident memory that this process has now; `nil` where the kernel does not tell.
  package static func residentByteCount() -> Int? {
    let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return text?.split(separator: " ").dropFirst().first.flatMap { pages in Int(pages) }
      .map { pages in pages * sysconf(Int32(_SC_PAGESIZE)) }
  }

  /// Seconds since this process was started, to a hundredth; `nil` where the kernel does not tell.
  package static func secondsSinceStart() -> Double? {
    // Field 22 of proc(5), in ticks since the machine's start; field 2, in parentheses, may hold blanks.
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 19,
      let ticks = Double(fields[19])
    else { return nil }
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    let seconds = Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    return seconds >= 0 ? seconds : nil
  }

  /// The model of this machine's CPU.
  package static func cpuName() -> String {
    field("model name", of: "/proc/cpuinfo") ?? "unknown CPU"
  }

  /// The memory that programs may still take on this host, or in this container or Slurm job, in bytes; `nil` where the kernel does not tell.
  package static func availableByteCount() -> Int? {
    let ofHost = kibibytes("MemAvailable", of: "/proc/meminfo").map { count in count * 1024 }
    return [ofHost, availableByteCountOfGroup()].compactMap { count in count }.min()
  }

  /// What is left of the limit of this process's control group (version 2), if it has one.
  private static func availableByteCountOfGroup() -> Int? {
    let group = field("0:", of: "/proc/self/cgroup") ?? "/"
    func number(_ file: String) -> Int? {
      (try? String(contentsOfFile: "/sys/fs/cgroup\(group)/\(file)", encoding: .utf8)).flatMap { text in
        Int(text.filter { letter in letter != "\n" })
      }
    }
    guard let limit = number("memory.max"), let taken = number("memory.current") else { return nil }
    // Copies of files are given up when programs want the memory.
    let files = field("file ", of: "/sys/fs/cgroup\(group)/memory.stat").flatMap { line in
      line.split(separator: " ").last.flatMap { number in Int(number) }
    }
    return max(limit - taken + (files ?? 0), 0)
  }

  /// How many processors this process may run on; `nil` where the kernel does not tell.
  package static func allowedProcessorCount() -> Int? {
    // A mask in hexadecimal digits, with commas between words.
    field("Cpus_allowed:", of: "/proc/self/status").map { mask in
      mask.compactMap(\.hexDigitValue).reduce(0) { sum, digit in sum + digit.nonzeroBitCount }
    }
  }

  /// What stands behind a name and a colon in a file of the kernel's.
  private static func field(_ name: String, of path: String) -> String? {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { line in line.hasPrefix(name) }
    return line?.split(separator: ":").last.map { value in String(value.drop { letter in letter == " " }) }
  }

  private static func kibibytes(_ name: String, of path: String) -> Int? {
    field(name, of: path)?.split(whereSeparator: \.isWhitespace).first.flatMap { number in Int(number) }
  }
}
