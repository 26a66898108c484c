import MPI

/// The cost of summing the gradient over the ranks, for each piece (range of elements that is exchanged together).
struct ReductionCost {
  /// The cost of exchanging slices of partial sums.
  private(set) var slices = MessageCost("gradient slices", .allToAll)
  /// The cost of all-gathering the summed slices.
  private(set) var sums = MessageCost("gradient sums", .allGather)
  /// The seconds of exchanging each piece (range of elements), in ascending order.
  private(set) var pieceSeconds: [Double] = []

  private let cluster: Cluster
  private let isOverlapping: Bool
  private let messages: ReductionMessages
  private let work: MessageWork
  /// The seconds of a rank's core for each piece: for its messages, for copying and adding, and in the kernel.
  private var pieceWork: [Double] = []

  /// The most messages of a rank to other hosts in a collective.
  private var messagesElsewhere: Int { cluster.isTwoLevel ? cluster.hosts - 1 : cluster.ranksElsewhere }

  /// Counts the messages of a reduction.
  ///
  /// - Parameters:
  ///   - messages: The messages of the reduction.
  ///   - cluster: The hosts.
  ///   - isOverlapping: True if the reduction runs during the backward pass, with nonblocking collectives.
  ///   - work: The seconds of a core for each byte.
  init(_ messages: ReductionMessages, on cluster: Cluster, isOverlapping: Bool, _ work: MessageWork) {
    self.cluster = cluster
    self.isOverlapping = isOverlapping
    self.messages = messages
    self.work = work
    guard cluster.ranks > 1 else {
      pieceSeconds = messages.parts.map { _ in 0 }
      pieceWork = pieceSeconds
      return
    }
    for parts in messages.parts {
      let (seconds, bytes) = (slices.seconds + sums.seconds, slices.networkBytes + sums.networkBytes)
      var summing = 0.0
      for part in parts {
        if cluster.isTwoLevel {
          addTwoLevels(part)
        } else {
          add(part)
        }
        summing += ownWork(part)
      }
      pieceSeconds.append(slices.seconds + sums.seconds - seconds + summing)
      // Two collectives to other hosts for each part.
      let inKernel = (slices.networkBytes + sums.networkBytes - bytes) / Double(cluster.ranksPerHost)
      pieceWork.append(
        Double(2 * parts.count * messagesElsewhere) * Cluster.messageSeconds + summing
          + inKernel * work.socketSecondsPerByte)
    }
  }

  /// Adds the cost of the two collectives for a part of `count` elements: on one host, or of one rank on each host.
  private mutating func add(_ count: Int) {
    let (ranks, all) = (cluster.ranks, messages.partialSums.reduce(0, +))
    let owned = BlockPartition(total: count, parts: ranks).ranges.map(\.count)
    let received = zip(owned, messages.partialSums).reduce(0) { sum, rank in sum + rank.0 * (all - rank.1) }
    // Into a host its slice of the partial sums elsewhere; out of it the slices of the others.
    let network = zip(owned, messages.partialSums).map { owned, own in max(owned * (all - own), own * (count - owned)) }
    addSlices(calls: 1, received: received, network: network.max() ?? 0)
    // Nonblocking, each rank sends its sums to every other rank.
    let gathered = owned.map { owned in max(count - owned, owned * (ranks - 1)) }
    let (bytes, seconds) = cluster.allGather(block: bytes(owned.max() ?? 0))
    addSums(calls: 1, received: count * (ranks - 1), nonblocking: gathered.max() ?? 0, (bytes, seconds))
  }

  /// Adds the cost of the four collectives for a part of `count` elements, where each of several hosts has several
  /// ranks: two within each host, which take no time, and two across hosts, of the slice of each place at once.
  private mutating func addTwoLevels(_ count: Int) {
    let (ranks, hosts) = (cluster.ranksPerHost, cluster.hosts)
    let (partialSums, hostSums) = (messages.partialSums, messages.hostPartialSums)
    let all = hostSums.reduce(0, +)
    let owned = BlockPartition(total: count, parts: ranks).ranges.map(\.count)
    let pieces = owned.map { owned in BlockPartition(total: owned, parts: hosts).ranges.map(\.count) }
    var (received, network, gathered) = (0, 0, 0)
    for host in 0..<hosts {
      let onHost = partialSums[host * ranks..<(host + 1) * ranks]
      let piece = pieces.reduce(0) { sum, pieces in sum + pieces[host] }
      received += zip(owned, onHost).reduce(0) { sum, rank in sum + rank.0 * (onHost.reduce(0, +) - rank.1) }
      received += piece * (all - hostSums[host])
      network = max(network, piece * (all - hostSums[host]), hostSums[host] * (count - piece))
      gathered = max(gathered, count - piece, piece * (hosts - 1))
    }
    addSlices(calls: 2, received: received, network: network)
    // Into each host all but its pieces, then into each rank all but its slice.
    let blocks = bytes(pieces.joined().max() ?? 0)
    addSums(
      calls: 2, received: count * (hosts - 1) + hosts * count * (ranks - 1), nonblocking: gathered,
      cluster.allGatherAcrossHosts(block: blocks))
  }

  /// Returns the seconds in which the busiest rank copies its partial sums of `count` elements, and adds as many bytes.
  private func ownWork(_ count: Int) -> Double {
    let own = Double(messages.partialSums.max() ?? 0)
    // In two levels, a rank does so again with its slice of the host's sums.
    let across = cluster.isTwoLevel ? Double(messages.hostPartialSums.max() ?? 0) / Double(cluster.ranksPerHost) : 0
    return work.sumSecondsPerByte * (own + across) * bytes(count)
  }

  /// Adds the exchange of slices.
  ///
  /// - Parameters:
  ///   - calls: The number of collectives: one within hosts and one across them, or one.
  ///   - received: The elements that all ranks receive.
  ///   - network: The elements that cross the busiest host's link.
  private mutating func addSlices(calls: Int, received: Int, network: Int) {
    slices.add(
      calls: calls, receivedBytes: bytes(received) / Double(cluster.ranks), networkBytes: hostBytes(network),
      seconds: seconds(calls: calls, networkBytes: hostBytes(network), isSleeping: isOverlapping))
  }

  /// Adds the gather of sums: nonblocking, where every rank sends to many others at once, or as MPI gathers.
  private mutating func addSums(
    calls: Int, received: Int, nonblocking: Int, _ blocking: (networkBytes: Double, seconds: Double)
  ) {
    let network = isOverlapping ? hostBytes(nonblocking) : blocking.networkBytes
    sums.add(
      calls: calls, receivedBytes: bytes(received) / Double(cluster.ranks), networkBytes: network,
      seconds: isOverlapping ? seconds(calls: calls, networkBytes: network, isSleeping: true) : blocking.seconds)
  }

  /// Returns the seconds of a collective across hosts, and of one within hosts before or after it.
  private func seconds(calls: Int, networkBytes: Double, isSleeping: Bool) -> Double {
    cluster.exchangeSeconds(networkBytes: networkBytes, messages: messagesElsewhere, isSleeping: isSleeping)
      + (isSleeping ? Double(calls - 1) * Waiting.pauseSeconds : 0)
  }

  private func bytes(_ elements: Int) -> Double { Double(elements * MemoryLayout<Float>.stride) }

  /// Returns the bytes of float32 elements on the network; 0 on a single host.
  private func hostBytes(_ elements: Int) -> Double {
    cluster.hosts > 1 ? bytes(elements) : 0
  }

  /// Returns the seconds by which the reduction ends after the backward pass.
  ///
  /// Pieces are exchanged one after the other, from the end of the vector to its start. The CPU time for the messages
  /// and sums of pieces that are complete before the end is taken from the computing threads.
  ///
  /// - Parameters:
  ///   - completions: The seconds before the end of the backward pass at which each piece is complete.
  ///   - threads: The number of threads that compute at the same time.
  /// - Returns: The seconds; without overlap, the seconds of the whole reduction.
  func exposedSeconds(completions: [Double], threads: Int) -> Double {
    guard isOverlapping else { return pieceSeconds.reduce(0, +) }
    var (end, stolen) = (-Double.infinity, 0.0)
    for ((seconds, work), completion) in zip(zip(pieceSeconds, pieceWork), completions).reversed() {
      end = max(end, -completion) + seconds
      stolen += completion > 0 ? work : 0
    }
    return max(end, 0) + stolen / Double(threads)
  }
}
