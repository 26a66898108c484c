import Configuration
import Glibc
import MPI
import Runs

/// The processors that a rank's own threads leave idle.
package enum SpareProcessors {
  /// How many there are.
  ///
  /// - Parameters:
  ///   - ranksOnHost: How many ranks share this host.
  ///   - threads: How many threads of each rank compute.
  /// - Returns: At least 0.
  package static func count(ranksOnHost: Int, threads: Int) -> Int {
    let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let allowed = ProcessMeasurements.allowedProcessorCount() ?? online
    // A rank that may run everywhere shares with the others; one that is bound has its processors to itself.
    let own = allowed < online ? allowed : allowed / max(ranksOnHost, 1)
    return max(own - threads, 0)
  }
}

extension Communicator {
  /// A number that ranks on one host share, and ranks on different hosts do not: a hash of the host's name.
  var numberOfHost: Int64 {
    hostName().utf8.reduce(5381) { hash, byte in hash &* 33 &+ Int64(byte) }
  }

  /// How many ranks run on this rank's host: those with the same host name.
  ///
  /// Collective.
  package func ranksOnHost() throws(MPIError) -> Int {
    let own = [numberOfHost]
    var hosts = [Int64](repeating: 0, count: size)
    try allGather(own.span, into: &hosts)
    return hosts.count { host in host == own[0] }
  }
}
