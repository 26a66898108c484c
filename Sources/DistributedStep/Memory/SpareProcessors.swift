import Glibc
import Job

/// The CPUs that the computing threads of the ranks leave idle.
package enum SpareProcessors {
  /// Returns the number of idle CPUs per rank.
  ///
  /// - Parameters:
  ///   - ranksOnHost: The number of ranks on this host.
  ///   - threads: The number of computing threads of each rank.
  /// - Returns: The number of idle CPUs, at least 0.
  package static func count(ranksOnHost: Int, threads: Int) -> Int {
    let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    // A virtual machine's processes may also run on the CPUs that it can still be given.
    let allowed = min(ProcessMeasurements.allowedProcessorCount() ?? online, online)
    // An unbound rank shares all processors with the other ranks; a bound one has its own.
    let own = allowed < online ? allowed : allowed / max(ranksOnHost, 1)
    // The quota of a container or job is that of all ranks in it.
    let quota = ControlGroup().processors.map { count in Int(min(count, Double(online))) / max(ranksOnHost, 1) }
    return max(min(own, quota ?? own) - threads, 0)
  }
}
