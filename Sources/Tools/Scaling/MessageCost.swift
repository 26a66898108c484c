import MPI

/// The messages of one purpose in a step: their number, bytes and seconds.
package struct MessageCost: Sendable, Codable, Equatable {
  /// The purpose of the messages, such as `embeddings`.
  package var name: String
  /// The name of the library's function.
  package var collective: String
  /// The number of collectives.
  package var calls = 0
  /// The bytes that a rank receives from other ranks, the mean over the ranks: what `supcon bench` counts.
  package var receivedBytes = 0.0
  /// The bytes that cross the link of the busiest host, in the busier direction.
  package var networkBytes = 0.0
  /// The seconds of the collectives, all ranks entering at once.
  package var seconds = 0.0

  init(_ name: String, _ collective: Collective) {
    self.name = name
    self.collective = collective.function
  }

  /// Adds the bytes and seconds of one collective.
  mutating func add(receivedBytes: Double, networkBytes: Double, seconds: Double) {
    calls += 1
    self.receivedBytes += receivedBytes
    self.networkBytes += networkBytes
    self.seconds += seconds
  }
}

/// Equal hosts with equally many ranks, numbered host by host, and the costs of collectives among them.
///
/// Messages inside a host cost nothing; those of a host share its link.
struct Cluster {
  let hosts: Int
  let ranksPerHost: Int
  let link: NetworkLink

  var ranks: Int { hosts * ranksPerHost }

  /// The seconds of a core for a message of a rank, in the library and in the kernel's TCP.
  static let messageSeconds = 5e-6

  /// The number of ranks on other hosts.
  private var ranksElsewhere: Int { ranks - ranksPerHost }

  /// The seconds of a core for the messages of a collective in which every rank sends to all others.
  var workSeconds: Double { Double(ranksElsewhere) * Self.messageSeconds }

  /// The bytes of the result from which an all-gather goes around the ring.
  ///
  /// It is MPICH's number; Open MPI's tables of blocks and ranks do nearly the same.
  static let longGather = 512 << 10

  /// All-gather of equal blocks: by doubling distances, or around the ring of ranks where the result is long.
  ///
  ///     ring       R − 1 rounds, in each of which one block enters every host:   (R − 1)(L + b/B)
  ///     doubling   ⌈log₂ R⌉ rounds; every rank receives each block once:         ⌈log₂ R⌉ L + r (R − r) b/B
  ///
  /// - Parameter block: The bytes of a rank's block.
  /// - Returns: The bytes into a host and the seconds.
  func allGather(block: Double) -> (networkBytes: Double, seconds: Double) {
    guard hosts > 1 else { return (0, 0) }
    let ringBytes = Double(ranks - 1) * block
    let ring = Double(ranks - 1) * link.latencySeconds + ringBytes / link.bytesPerSecond
    let doublingBytes = Double(ranksPerHost * ranksElsewhere) * block
    let rounds = Int.bitWidth - (ranks - 1).leadingZeroBitCount
    let doubling = Double(rounds) * link.latencySeconds + doublingBytes / link.bytesPerSecond
    return Double(ranks) * block < Double(Self.longGather) ? (doublingBytes, doubling) : (ringBytes, ring)
  }

  /// Returns the seconds of a collective in which every rank sends to all others at once: L + (messages − 1) o +
  /// bytes/B.
  ///
  /// - Parameters:
  ///   - networkBytes: The bytes that cross the busiest host's link.
  ///   - isSleeping: True if the main thread sleeps between polls, which finds the end of the messages half a pause
  ///     late at each side.
  /// - Returns: The seconds.
  func exchangeSeconds(networkBytes: Double, isSleeping: Bool) -> Double {
    guard hosts > 1 else { return 0 }
    return link.latencySeconds + Double(ranksElsewhere - 1) * Self.messageSeconds + networkBytes / link.bytesPerSecond
      + (isSleeping ? Waiting.pauseSeconds : 0)
  }
}
