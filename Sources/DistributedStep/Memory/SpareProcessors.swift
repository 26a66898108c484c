import Configuration
import Glibc
import Job
import MPI
import Runs

/// The CPUs that the computing threads of the ranks leave idle.
package enum SpareProcessors {
  /// The number of CPUs that this process may run on.
  package static var allowed: Int {
    let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    // A virtual machine's processes may also run on the CPUs that it can still be given.
    return min(ProcessMeasurements.allowedProcessorCount() ?? online, online)
  }

  /// Returns the number of threads that make views ahead for each of `ranksOnHost` ranks, started or planned: the
  /// option, or one for each idle CPU; collective.
  package static func loaderThreads(
    _ compute: ComputeOptions, ranksOnHost: Int, over world: borrowing Communicator
  ) throws(MPIError) -> Int {
    if let given = compute.loaderThreads { return given }
    // Ranks with the same CPUs share them: those that are not bound, on all of the host or on those of a job.
    let place = "\(hostName()) \((ProcessMeasurements.allowedProcessors() ?? []).sorted())"
    let sharing = try world.allGather(text: place).count { other in other == place }
    return count(ranksOnHost: ranksOnHost, sharing: world.size == 1 ? ranksOnHost : sharing, threads: compute.threads)
  }

  /// Returns the number of idle CPUs of each of `sharing` ranks that may run on the same `allowed` CPUs, at least 0.
  package static func count(
    ranksOnHost: Int, sharing: Int = 1, threads: Int, allowed: Int = SpareProcessors.allowed,
    quota: Double? = ControlGroup().processors
  ) -> Int {
    let own = allowed / max(sharing, 1)
    // The quota of a container or job is that of all ranks in it.
    let ofQuota = quota.map { count in Int(min(count, 1e6)) / max(ranksOnHost, 1) }
    return max(min(own, ofQuota ?? own) - threads, 0)
  }
}
