import MPI
import NeuralNet

/// The vectors that shards which share BatchNorm's statistics sum in a step.
package struct SharedStatistics: Sendable, Codable, Equatable {
  /// The numbers of elements (float64) of the vectors, one after the other, forward and backward.
  package var lengths: [Int]
  /// The number of those that are summed in the forward pass, the first ones.
  package var forwardCount: Int
  /// The shards of a group; `nil` if all shards of the batch are one.
  package var shardsPerGroup: Int?

  package init(forward: [Int], backward: [Int], shardsPerGroup: Int?) {
    lengths = forward + backward
    forwardCount = forward.count
    self.shardsPerGroup = shardsPerGroup
  }

  /// Returns the shards of a group in a batch of some shards: the largest divisor of both numbers, where a run would be
  /// refused.
  func groupSize(ofShards shards: Int) -> Int {
    shardsPerGroup.map { count in greatestCommonDivisor(count, shards) } ?? shards
  }
}

/// The cost of the sums of BatchNorm's statistics over the ranks, which nothing hides: each layer waits for its own.
struct StatisticsCost {
  /// The slices of partial sums, by MPI_Alltoall.
  private(set) var slices = MessageCost("statistics' slices", .allToAll)
  /// The summed slices, by MPI_Alltoall.
  private(set) var sums = MessageCost("statistics' sums", .allToAll)

  /// The seconds of all of them.
  var seconds: Double { slices.seconds + sums.seconds }

  private let cluster: Cluster
  private let messages: GroupMessages
  /// The most messages that a rank exchanges with other hosts in a collective.
  private let messagesElsewhere: Int

  /// The elements into all ranks, and those through the busiest host's link.
  private typealias Elements = (received: Int, network: Int)

  /// A host's part of a group.
  private struct Part {
    var members = 0
    var partialSums = 0
    /// The elements that its members complete.
    var owned = 0
  }

  /// Counts the messages of a step.
  ///
  /// - Parameters:
  ///   - statistics: The vectors.
  ///   - shards: The range of shards of each rank.
  ///   - shardCount: The number of shards of the batch.
  ///   - cluster: The hosts.
  init(_ statistics: SharedStatistics, shards: BlockPartition, shardCount: Int, on cluster: Cluster) {
    self.cluster = cluster
    let messages = GroupMessages(groupSize: statistics.groupSize(ofShards: shardCount), shards: shards)
    self.messages = messages
    var counts = [Int](repeating: 0, count: cluster.ranks)
    for members in messages.groups {
      let onHost = Dictionary(grouping: members) { member in member.rank / cluster.ranksPerHost }
      for (_, own) in onHost {
        for member in own {
          counts[member.rank] += members.count - own.count
        }
      }
    }
    messagesElsewhere = counts.max() ?? 0
    guard messages.isSpanningRanks else { return }
    let lengths = Dictionary(grouping: statistics.lengths) { length in length }
    // In ascending order, so that the sums of seconds have the same bits each time.
    for (length, vectors) in lengths.sorted(by: { one, other in one.key < other.key }) {
      let (first, second) = elements(length: length)
      for _ in vectors {
        add(first, to: \.slices)
        add(second, to: \.sums)
      }
    }
  }

  /// Counts the elements of both collectives for a vector.
  private func elements(length: Int) -> (slices: Elements, sums: Elements) {
    var received = (slices: 0, sums: 0)
    var (sliceIn, sliceOut, sumIn, sumOut) = ([Int: Int](), [Int: Int](), [Int: Int](), [Int: Int]())
    for (index, members) in messages.groups.enumerated() where members.count > 1 {
      let owned = messages.slices(ofGroup: index, length: length)
      let partialSums = members.reduce(0) { sum, member in sum + member.partialSums }
      var parts: [Int: Part] = [:]
      for (member, count) in zip(members, owned) {
        received.slices += count * (partialSums - member.partialSums)
        received.sums += length - count
        parts[member.rank / cluster.ranksPerHost, default: Part()].members += 1
        parts[member.rank / cluster.ranksPerHost, default: Part()].partialSums += member.partialSums
        parts[member.rank / cluster.ranksPerHost, default: Part()].owned += count
      }
      for (host, part) in parts {
        sliceIn[host, default: 0] += part.owned * (partialSums - part.partialSums)
        sliceOut[host, default: 0] += part.partialSums * (length - part.owned)
        sumIn[host, default: 0] += part.members * (length - part.owned)
        sumOut[host, default: 0] += part.owned * (members.count - part.members)
      }
    }
    func most(_ one: [Int: Int], _ other: [Int: Int]) -> Int { max(one.values.max() ?? 0, other.values.max() ?? 0) }
    return ((received.slices, most(sliceIn, sliceOut)), (received.sums, most(sumIn, sumOut)))
  }

  private mutating func add(_ elements: Elements, to cost: WritableKeyPath<Self, MessageCost>) {
    let byteCount = Double(MemoryLayout<Double>.stride)
    let network = byteCount * Double(elements.network)
    self[keyPath: cost].add(
      receivedBytes: byteCount * Double(elements.received) / Double(cluster.ranks), networkBytes: network,
      seconds: cluster.exchangeSeconds(networkBytes: network, messages: messagesElsewhere, isSleeping: false))
  }
}
