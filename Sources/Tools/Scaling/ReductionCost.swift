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
  private let partialSums: [Int]
  private let partialSumCount: Int

  /// Counts the messages of a reduction.
  ///
  /// - Parameters:
  ///   - messages: The messages of the reduction.
  ///   - cluster: The hosts.
  ///   - isOverlapping: True if the reduction runs during the backward pass, with nonblocking collectives.
  init(_ messages: ReductionMessages, on cluster: Cluster, isOverlapping: Bool) {
    self.cluster = cluster
    self.isOverlapping = isOverlapping
    partialSums = messages.partialSums
    partialSumCount = messages.partialSums.reduce(0, +)
    guard cluster.ranks > 1 else {
      pieceSeconds = messages.parts.map { _ in 0 }
      return
    }
    for parts in messages.parts {
      let before = slices.seconds + sums.seconds
      for part in parts {
        add(part)
      }
      pieceSeconds.append(slices.seconds + sums.seconds - before)
    }
  }

  /// Adds the cost of the two collectives for a part of `count` elements.
  private mutating func add(_ count: Int) {
    let byteCount = Double(MemoryLayout<Float>.stride)
    let ranks = cluster.ranks
    let owned = BlockPartition(total: count, parts: ranks).runs.map(\.count)
    var (received, network, gathered) = (0, 0, 0)
    for first in stride(from: 0, to: ranks, by: cluster.ranksPerHost) {
      let own = first..<first + cluster.ranksPerHost
      let elements = owned[own].reduce(0, +)
      let ownPartialSums = partialSums[own].reduce(0, +)
      received += own.reduce(0) { sum, rank in sum + owned[rank] * (partialSumCount - partialSums[rank]) }
      // Into the host its slices of the partial sums elsewhere; out of it the slices of the others.
      network = max(network, elements * (partialSumCount - ownPartialSums), ownPartialSums * (count - elements))
      // Nonblocking, each rank sends its sums to every other rank.
      gathered = max(
        gathered, cluster.ranksPerHost * (count - elements), elements * (ranks - cluster.ranksPerHost))
    }
    slices.add(
      receivedBytes: byteCount * Double(received) / Double(ranks), networkBytes: hostBytes(network),
      seconds: cluster.exchangeSeconds(
        networkBytes: hostBytes(network), messages: cluster.ranksElsewhere, isSleeping: isOverlapping))
    let meanReceived = byteCount * Double(count * (ranks - 1)) / Double(ranks)
    if isOverlapping {
      sums.add(
        receivedBytes: meanReceived, networkBytes: hostBytes(gathered),
        seconds: cluster.exchangeSeconds(
          networkBytes: hostBytes(gathered), messages: cluster.ranksElsewhere, isSleeping: true))
    } else {
      let (bytes, seconds) = cluster.allGather(block: byteCount * Double(owned.max() ?? 0))
      sums.add(receivedBytes: meanReceived, networkBytes: bytes, seconds: seconds)
    }
  }

  /// Returns the bytes of float32 elements on the network; 0 on a single host.
  private func hostBytes(_ elements: Int) -> Double {
    cluster.hosts > 1 ? Double(elements * MemoryLayout<Float>.stride) : 0
  }

  /// Returns the seconds by which the reduction ends after the backward pass.
  ///
  /// Pieces are exchanged one after the other, from the end of the vector to its start. The CPU time for messages is
  /// taken from the computing threads.
  ///
  /// - Parameters:
  ///   - completions: The seconds before the end of the backward pass at which each piece is complete.
  ///   - threads: The number of threads that compute at the same time.
  /// - Returns: The seconds; without overlap, the seconds of the whole reduction.
  func exposedSeconds(completions: [Double], threads: Int) -> Double {
    guard isOverlapping else { return pieceSeconds.reduce(0, +) }
    var end = -Double.infinity
    for (seconds, completion) in zip(pieceSeconds, completions).reversed() {
      end = max(end, -completion) + seconds
    }
    return max(end, 0) + Double(slices.calls + sums.calls) * cluster.workSeconds / Double(threads)
  }
}
