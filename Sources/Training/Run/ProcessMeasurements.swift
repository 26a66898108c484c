import Glibc
import MPI

/// What a process can say of its own time and memory.
enum ProcessMeasurements {
  /// Seconds on a clock that never goes back.
  static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The largest resident memory that this process ever had.
  static func peakResidentByteCount() -> Int64 {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int64(usage.ru_maxrss) * 1024
  }

  /// The largest and the sum of all ranks' peak memory.
  ///
  /// Collective.
  static func peakResidentByteCounts(
    over world: borrowing Communicator
  ) throws(MPIError) -> (maximum: Int, sum: Int) {
    var peaks = [Int64](repeating: 0, count: world.size)
    let own = [peakResidentByteCount()]
    try world.allGather(own.span, into: &peaks)
    return (Int(peaks.max() ?? 0), Int(peaks.reduce(0, +)))
  }
}

/// The middle of some numbers; `nil` of none.
func median(_ values: [Double]) -> Double? {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return nil }
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
