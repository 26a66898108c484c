import MPI

/// The cost of the messages of one purpose in a step: number of collectives, bytes and seconds.
package struct MessageCost: Sendable, Codable, Equatable {
  /// The purpose of the messages, such as `embeddings`.
  package var name: String
  /// The name of the MPI function.
  package var collective: String
  /// The number of collectives.
  package var calls = 0
  /// The bytes that a rank receives from other ranks, averaged over the ranks, as `supcon bench` counts them.
  package var receivedBytes = 0.0
  /// The bytes that cross the link of the busiest host, in the busier direction.
  package var networkBytes = 0.0
  /// The seconds of the collectives, if all ranks enter at the same time.
  package var seconds = 0.0

  init(_ name: String, _ collective: Collective) {
    self.name = name
    self.collective = collective.function
  }

  /// Adds the bytes and seconds of one collective, or of one within each host and one across hosts.
  mutating func add(calls: Int = 1, receivedBytes: Double, networkBytes: Double, seconds: Double) {
    self.calls += calls
    self.receivedBytes += receivedBytes
    self.networkBytes += networkBytes
    self.seconds += seconds
  }
}

/// A cluster of equal hosts, each with the same number of consecutive ranks, and the costs of collectives on it.
///
/// Messages inside a host cost nothing; all messages to and from other hosts share the host's link.
package struct Cluster {
  let hosts: Int
  let ranksPerHost: Int
  let link: NetworkLink

  var ranks: Int { hosts * ranksPerHost }

  /// The CPU seconds per message of a rank, in the MPI library and in the kernel's TCP.
  package static let messageSeconds = 5e-6

  /// The number of ranks on other hosts.
  var ranksElsewhere: Int { ranks - ranksPerHost }

  /// True if the ranks of a host sum their gradients before they send them to other hosts.
  var isTwoLevel: Bool { hosts > 1 && ranksPerHost > 1 }

  /// The smallest result in bytes for which MPI's all-gather uses the ring algorithm.
  ///
  /// This is MPICH's limit; Open MPI's decision tables for block size and number of ranks give nearly the same.
  package static let longGather = 512 << 10

  /// Returns the cost of an all-gather of equal blocks among all ranks: by recursive doubling, or by a ring for long
  /// results.
  ///
  /// With R ranks, r of them on each host, b bytes per block, latency L and bandwidth B:
  ///
  ///     ring       R − 1 rounds, in each of which one block enters every host:   (R − 1)(L + b/B)
  ///     doubling   ⌈log₂ R⌉ rounds; every rank receives each block once:         ⌈log₂ R⌉ L + r (R − r) b/B
  ///
  /// - Parameter block: The bytes of one rank's block.
  /// - Returns: The bytes that each host receives, and the seconds.
  func allGather(block: Double) -> (networkBytes: Double, seconds: Double) {
    guard hosts > 1 else { return (0, 0) }
    let ringBytes = Double(ranks - 1) * block
    let ring = Double(ranks - 1) * link.latencySeconds + ringBytes / link.bytesPerSecond
    let doublingBytes = Double(ranksPerHost * ranksElsewhere) * block
    let rounds = Int.bitWidth - (ranks - 1).leadingZeroBitCount
    let doubling = Double(rounds) * link.latencySeconds + doublingBytes / link.bytesPerSecond
    return Double(ranks) * block < Double(Self.longGather) ? (doublingBytes, doubling) : (ringBytes, ring)
  }

  /// Returns the cost of all-gathers across hosts, of all ranks in the same place at once, of equal blocks.
  ///
  /// Around the ring and by doubling, the blocks of a host's ranks cross its link together.
  func allGatherAcrossHosts(block: Double) -> (networkBytes: Double, seconds: Double) {
    let one = Cluster(hosts: hosts, ranksPerHost: 1, link: link)
    let (bytes, seconds) = one.allGather(block: block)
    return (
      Double(ranksPerHost) * bytes, seconds + Double(ranksPerHost - 1) * bytes / link.bytesPerSecond
    )
  }

  /// Returns the seconds of a collective in which every rank sends to many others at once: L + (messages − 1) o +
  /// bytes/B.
  ///
  /// - Parameters:
  ///   - networkBytes: The bytes that cross the busiest host's link.
  ///   - messages: The most messages of a rank to other hosts; none take no time.
  ///   - isSleeping: True if the main thread sleeps between polls, which costs sender and receiver half a pause each.
  /// - Returns: The seconds.
  func exchangeSeconds(networkBytes: Double, messages: Int, isSleeping: Bool) -> Double {
    guard messages > 0 else { return 0 }
    return link.latencySeconds + Double(messages - 1) * Self.messageSeconds + networkBytes / link.bytesPerSecond
      + (isSleeping ? Waiting.pauseSeconds : 0)
  }
}
