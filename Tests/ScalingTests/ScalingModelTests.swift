import MPI
import Scaling
import Testing

/// The model of a step on several hosts, against closed forms.
struct ScalingModelTests {
  private static let bandwidth = 1e9
  private static let latency = 1e-3
  /// The seconds of each message of a rank to another after its first.
  private static let message = 5e-6
  private static let poll = 200e-6

  /// Sizes without a contrastive loss: a vector of one piece.
  private func sizes(length: Int = 1000, segments: [Int] = [0]) -> StepSizes {
    StepSizes(
      samplesPerShard: 8, rowsPerShard: 16, embeddingByteCount: 0, statisticByteCount: 0, labelByteCount: 0,
      vectorLength: length, segments: segments)
  }

  private func compute(segments: [Double] = [0.5]) -> ComputeSeconds {
    ComputeSeconds(
      data: 0.01, forward: 0.25, backward: 0.5, recomputedShare: 0, segments: segments, lossPerRow: 0, lossPerPair: 0,
      update: 0.02, messages: .none)
  }

  private func model(
    _ sizes: StepSizes, _ compute: ComputeSeconds, ranksPerHost: Int = 1, threads: Int = 1, isOverlapping: Bool = false
  ) -> ScalingModel {
    ScalingModel(
      sizes, compute, ranksPerHost: ranksPerHost, threads: threads,
      link: NetworkLink(bytesPerSecond: Self.bandwidth, latencySeconds: Self.latency), isOverlapping: isOverlapping)
  }

  private func expectClose(_ found: Double, _ expected: Double, _ what: Comment = "") {
    #expect(abs(found - expected) <= 1e-9 * abs(expected), "\(found), expected \(expected); \(what)")
  }

  @Test func `two hosts exchange halves of the vector, latency and transfer twice`() {
    let step = model(sizes(), compute()).step(shards: 2, hosts: 2)
    expectClose(step.seconds.reduce, 2 * (Self.latency + 2000 / Self.bandwidth))
    expectClose(step.stepSeconds, 0.01 + 0.25 + 0.5 + 0.02 + step.seconds.reduce)
    #expect(step.traffic.map(\.collective) == ["MPI_Alltoall", "MPI_Allgather"])
    #expect(step.traffic.map(\.receivedBytes) == [2000, 2000] && step.networkBytes == 4000)
  }

  @Test func `one message of embeddings takes its latency and its bytes`() {
    var sizes = sizes(length: 0)
    (sizes.embeddingByteCount, sizes.labelByteCount, sizes.statisticByteCount) = (512, 4, 4)
    let step = model(sizes, compute()).step(shards: 2, hosts: 2)
    let bytes = 16.0 * 512 + 8 * 4 + 16 * 4
    expectClose(step.seconds.gather, 3 * Self.latency + bytes / Self.bandwidth)
    let received: [Double] = [8192, 32, 64]
    #expect(step.traffic.prefix(3).map(\.receivedBytes) == received)
    sizes.embeddingByteCount /= 2
    let rounded = model(sizes, compute()).step(shards: 2, hosts: 2)
    #expect(rounded.traffic[0].receivedBytes == 4096)
  }

  @Test func `a short gather goes by doubling distances, a long one around the ring`() {
    var sizes = sizes(length: 0)
    sizes.embeddingByteCount = 16
    let block = 16.0 * 16
    let short = model(sizes, compute()).step(shards: 1024, hosts: 1024)
    expectClose(short.seconds.gather, 10 * Self.latency + 1023 * block / Self.bandwidth)
    #expect(short.traffic[0].networkBytes == 1023 * block)
    // 512 KiB in all are long.
    sizes.embeddingByteCount = 32
    let long = model(sizes, compute()).step(shards: 1024, hosts: 1024)
    expectClose(long.seconds.gather, 1023 * (Self.latency + 2 * block / Self.bandwidth))
    #expect(long.traffic[0].networkBytes == 2 * 1023 * block)
    // With 8 ranks a host the ring carries each block into a host once, doubling eight times.
    sizes.embeddingByteCount = 512_000
    let ring = model(sizes, compute(), ranksPerHost: 8).step(shards: 32, hosts: 4)
    expectClose(ring.seconds.gather, 31 * (Self.latency + 32_000 * block / Self.bandwidth))
    #expect(ring.traffic[0].networkBytes == 31 * 32_000 * block)
    sizes.embeddingByteCount = 4
    let doubling = model(sizes, compute(), ranksPerHost: 8).step(shards: 32, hosts: 4)
    expectClose(doubling.seconds.gather, 5 * Self.latency + 8 * 24 * 64 / Self.bandwidth)
    #expect(doubling.traffic[0].networkBytes == 8 * 24 * 64)
  }

  @Test func `ranks of a host sum their gradients before they leave it`() {
    // 4 hosts of 2 ranks and a vector of 800: a rank gets half a vector from the other rank, then an eighth of the
    // vectors of 3 hosts; into a host come 2 × 3 eighths, and as many of the sums.
    let step = model(sizes(length: 800), compute(), ranksPerHost: 2, isOverlapping: true).step(shards: 8, hosts: 4)
    let (throughLink, received) = (2.0 * 3 * 400, 1600 + 3.0 * 400)
    #expect(step.traffic.map(\.calls) == [2, 2])
    #expect(step.traffic.map(\.networkBytes) == [throughLink, throughLink])
    #expect(step.traffic.map(\.receivedBytes) == [received, received])
    // Each collective across hosts takes its latency, 2 messages after the first, and its bytes; all poll.
    let one = Self.latency + 2 * Self.message + 2 * Self.poll + throughLink / Self.bandwidth
    expectClose(step.reductionSeconds, 2 * one)
  }

  @Test func `the traffic of a host does not grow with its ranks`() {
    func network(_ ranksPerHost: Int, isOverlapping: Bool) -> Double {
      model(sizes(length: 4096), compute(), ranksPerHost: ranksPerHost, isOverlapping: isOverlapping)
        .step(shards: 64, hosts: 4).networkBytes
    }
    for isOverlapping in [true, false] {
      let alone = network(1, isOverlapping: isOverlapping)
      #expect(alone == 2 * 3 * 4096)
      #expect([2, 4, 16].allSatisfy { ranks in network(ranks, isOverlapping: isOverlapping) == alone })
    }
  }

  @Test func `hosts whose shards are no subtree send a slice for each of their subtrees`() {
    // 12 shards on 2 hosts of 3 ranks with 2 shards each: {0 … 5} are {0 1 2 3} and {4 5}, {6 … 11} are {6 7} and
    // {8 … 11}.
    let messages = ReductionMessages(
      length: 60, pieces: [0], shards: BlockPartition(total: 12, parts: 6), ranksPerHost: 3)
    #expect(messages.partialSums == [1, 1, 1, 1, 1, 1] && messages.hostPartialSums == [2, 2])
    let step = model(sizes(length: 60), compute(), ranksPerHost: 3).step(shards: 12, hosts: 2)
    // A third of the vector from 2 ranks, a sixth of 2 sums from the other host.
    expectClose(step.traffic[0].receivedBytes, 4 * (2 * 20 + 2 * 10))
    expectClose(step.traffic[0].networkBytes, 4 * 3 * 2 * 10)
  }

  @Test func `shared statistics wait twice at each layer, for a message to every other rank of the group`() {
    var sizes = sizes()
    sizes.sharedStatistics = SharedStatistics(forward: [80, 16], backward: [80], shardsPerGroup: nil)
    // 4 hosts of 2 ranks with 2 shards, a partial sum each: a rank receives a slice of an eighth of 7 sums, then 7
    // eighths; into a host come 2 slices of 6 sums, then 6 slices for 2 ranks.
    let step = model(sizes, compute(), ranksPerHost: 2).step(shards: 16, hosts: 4)
    let (elements, messages) = (80.0 + 16 + 80, 6.0)
    #expect(step.traffic.prefix(2).map(\.calls) == [3, 3])
    #expect(step.traffic.prefix(2).map(\.receivedBytes) == [7 * elements, 7 * elements])
    #expect(step.traffic.prefix(2).map(\.networkBytes) == [12 * elements, 12 * elements])
    let waits = 6 * (Self.latency + (messages - 1) * Self.message)
    expectClose(step.seconds.statistics, waits + 24 * elements / Self.bandwidth)
    var alone = sizes
    alone.sharedStatistics = nil
    let without = model(alone, compute(), ranksPerHost: 2).step(shards: 16, hosts: 4)
    expectClose(step.stepSeconds - without.stepSeconds, step.seconds.statistics)
    expectClose(step.networkShare, (step.seconds.statistics + step.seconds.reduce) / step.stepSeconds)
  }

  @Test func `groups of shards send to their ranks alone`() {
    var sizes = sizes()
    sizes.sharedStatistics = SharedStatistics(forward: [8], backward: [], shardsPerGroup: 4)
    // Groups of 4 shards on 2 of 4 hosts: one message to the other, of 4 elements each time.
    let step = model(sizes, compute()).step(shards: 8, hosts: 4)
    #expect(step.traffic.prefix(2).map(\.receivedBytes) == [32, 32])
    expectClose(step.seconds.statistics, 2 * (Self.latency + 32 / Self.bandwidth))
    // On 2 hosts each group is on one.
    let inside = model(sizes, compute()).step(shards: 8, hosts: 2)
    #expect(inside.seconds.statistics == 0 && inside.traffic.map(\.name) == ["gradient slices", "gradient sums"])
    // Uneven shares: {0 1} {2 3 4} {5 6 7}, with a sum each but for {2 3}: {4} of the second group.
    let uneven = model(sizes, compute()).step(shards: 8, hosts: 3)
    // Slices of 4 elements: 4 ranks' places receive a sum each, of {5 6 7} two subtrees ({5}, {6 7}).
    expectClose(uneven.traffic[0].receivedBytes, 8 * Double(4 + 4 + 8 + 4) / 3)
    expectClose(uneven.traffic[1].receivedBytes, 8 * Double(16) / 3)
    // A batch of 6 shards has groups of 2.
    #expect(model(sizes, compute()).step(shards: 6, hosts: 3).seconds.statistics == 0)
  }

  @Test func `uneven shares send one slice for each of their subtrees`() {
    // 8 shards on 3 ranks: {0 1}, {2 3} {4}, {5} {6 7}.
    let messages = ReductionMessages(length: 12, pieces: [0], shards: BlockPartition(total: 8, parts: 3))
    #expect(messages.partialSums == [1, 2, 2] && messages.parts == [[12]])
    let step = model(sizes(length: 12), compute()).step(shards: 8, hosts: 3)
    // 4 elements from 4 subtrees elsewhere, or from 3.
    expectClose(step.traffic[0].receivedBytes, 4 * Double(16 + 12 + 12) / 3)
    #expect(step.traffic[0].networkBytes == 64)
  }

  @Test func `a long vector is cut into messages of 4 MiB`() {
    let messages = ReductionMessages(
      length: (3 << 20) + 5, pieces: [0, 1 << 20], shards: BlockPartition(total: 4, parts: 2))
    #expect(messages.parts == [[1 << 20], [1 << 20, 1 << 20, 5]])
    let segments = [0, 1 << 20]
    let step = model(sizes(length: (3 << 20) + 5, segments: segments), compute(segments: [0.5, 0.25]))
      .step(shards: 4, hosts: 2)
    #expect(step.traffic.map(\.calls) == [4, 4])
  }

  @Test func `pieces are at least as long as what is exchanged at once, and begin at 0`() {
    func pieces(_ bounds: [Int], length: Int = (4 << 20) + 10, ranks: Int = 2) -> [Int] {
      ReductionMessages.pieces(at: bounds, length: length, ranks: ranks)
    }
    let quarters = [0, 1 << 20, 2 << 20, 3 << 20]
    #expect(pieces(quarters) == quarters && pieces([0, 1 << 19, 2 << 20]) == [0, 2 << 20] && pieces([0]) == [0])
    #expect(pieces([0, 300, 600], length: 1012) == [0])
    // 16 KiB for each of 512 ranks are 8 MiB.
    #expect(pieces(quarters, ranks: 256) == quarters && pieces(quarters, ranks: 512) == [0, 2 << 20])
    let many = ReductionMessages(length: 4 << 20, pieces: [0], shards: BlockPartition(total: 1024, parts: 1024))
    #expect(many.parts == [[4 << 20]])
    let most = ReductionMessages(length: 9 << 20, pieces: [0], shards: BlockPartition(total: 4096, parts: 4096))
    #expect(most.parts == [[8 << 20, 1 << 20]])
  }

  @Test func `a core copies and adds the bytes of its partial sums, and the kernel takes time from the threads`() {
    let work = MessageWork(sumSecondsPerByte: 1e-6, socketSecondsPerByte: 1e-7)
    func reduction(threads: Int = 1, ranksPerHost: Int = 1, isOverlapping: Bool, _ work: MessageWork) -> StepPrediction
    {
      var compute = compute()
      compute.messages = work
      return model(sizes(), compute, ranksPerHost: ranksPerHost, isOverlapping: isOverlapping)
        .step(shards: 8, hosts: 2)
    }
    func added(ranksPerHost: Int = 1, isOverlapping: Bool) -> Double {
      reduction(ranksPerHost: ranksPerHost, isOverlapping: isOverlapping, work).seconds.reduce
        - reduction(ranksPerHost: ranksPerHost, isOverlapping: isOverlapping, .none).seconds.reduce
    }
    // 4,000 bytes of one partial sum.
    expectClose(added(isOverlapping: false), 4e-3)
    // With two ranks a host, half of them again.
    expectClose(added(ranksPerHost: 2, isOverlapping: false), 6e-3)
    // One piece is complete at the end, when no thread computes.
    expectClose(added(isOverlapping: true), 4e-3)
    // Of two pieces the threads lose the time of the second: its copies, and its halves twice in the kernel.
    func pieces(threads: Int, _ work: MessageWork) -> Double {
      var compute = compute(segments: [0.5, 0.25])
      compute.messages = work
      return model(sizes(length: 2 << 20, segments: [0, 1 << 20]), compute, threads: threads, isOverlapping: true)
        .step(shards: 8, hosts: 2).seconds.reduce
    }
    for threads in [1, 2] {
      let bytes = 4.0 * Double(1 << 20)
      let copies = MessageWork(sumSecondsPerByte: 1e-9, socketSecondsPerByte: 1e-10)
      expectClose(
        pieces(threads: threads, copies) - pieces(threads: threads, .none),
        1e-9 * bytes + (1e-9 * bytes + 1e-10 * bytes) / Double(threads))
    }
  }

  @Test func `the backward pass hides what is reduced before its end`() {
    let (half, length) = (1 << 20, 2 << 20)
    let sizes = sizes(length: length, segments: [0, half])
    let transfer = Double(half * 4 / 2) / Self.bandwidth
    let piece = 2 * (Self.latency + Self.poll + transfer)
    // The last piece's two collectives with a message each, whose work one of two threads loses; none computes any more
    // while the first one is exchanged.
    let work = 2 * Self.message / 2
    func step(_ segments: [Double], isOverlapping: Bool = true) -> StepPrediction {
      model(sizes, compute(segments: segments), threads: 2, isOverlapping: isOverlapping).step(shards: 2, hosts: 2)
    }
    // The last piece is complete 0.25 s before the end: all of it is hidden, the first one not.
    let early = step([0.4, 0.2])
    expectClose(early.reductionSeconds, 2 * piece)
    expectClose(early.seconds.reduce, piece + work)
    // Complete 2 ms before the end: the rest of it is in the way of the first one.
    expectClose(step([0.5, 0.498]).seconds.reduce, 2 * piece - 0.002 + work)
    expectClose(step([0.4, 0.2], isOverlapping: false).seconds.reduce, 4 * (Self.latency + transfer))
  }

  @Test func `computing goes by turns of threads, recomputed shards and pairs of rows`() {
    var compute = compute()
    (compute.recomputedShare, compute.lossPerRow, compute.lossPerPair) = (0.5, 1e-4, 1e-6)
    // 5 shards on 3 threads: two turns.
    let step = model(sizes(), compute, threads: 3).step(shards: 5, hosts: 1)
    expectClose(step.seconds.data, 2 * 0.01 * 1.5)
    expectClose(step.seconds.forward, 2 * 0.25)
    expectClose(step.seconds.backward, 2 * (0.5 + 0.125))
    expectClose(step.seconds.loss, 80 * 1e-4 + 80 * 80 * 1e-6)
    #expect(step.seconds.gather == 0 && step.seconds.reduce == 0 && step.networkBytes == 0)
  }

  @Test func `efficiency compares samples a second, also of uneven shares`() {
    let model = model(sizes(), compute())
    #expect(model.efficiency(of: model.step(shards: 4, hosts: 1)) == 1)
    let step = model.step(shards: 8, hosts: 4)
    let alone = 2 * (0.01 + 0.25 + 0.5) + 0.02
    expectClose(model.efficiency(of: step), alone / (alone + step.seconds.reduce))
    // 5 shards on 4 hosts: one host computes two of them, the others wait.
    let uneven = model.step(shards: 5, hosts: 4)
    let single = 0.01 + 0.25 + 0.5 + 0.02
    expectClose(model.efficiency(of: uneven), 5.0 / 4 * single / uneven.stepSeconds)
  }

  @Test func `the network is hidden from the batch on whose computing outweighs it`() throws {
    let model = model(sizes(length: 100_000_000), compute(), threads: 2)
    let network = model.step(shards: 2, hosts: 2).seconds.reduce
    // network ÷ (network + t · 0.76 + 0.02) ≤ 0.05, and t turns of 2 threads are 2 t shards of 8 samples.
    let turns = (19 * network - 0.02) / 0.76
    let found = try #require(model.hiddenSamplesPerHost(hosts: 2)) / 16
    #expect(found & (found - 1) == 0 && Double(found) >= turns && Double(found) < 2 * turns, "\(found), \(turns)")
    var slow = model
    slow.sizes.embeddingByteCount = 1 << 30
    #expect(slow.hiddenSamplesPerHost(hosts: 2) == nil)
  }

  @Test func `weak scaling keeps the batch of a host`() {
    let steps = model(sizes(), compute(), ranksPerHost: 2).weakScaling(shardsPerHost: 6, to: 12)
    #expect(steps.map(\.hosts) == [1, 2, 4, 8, 12])
    #expect(steps.map(\.ranks) == [2, 4, 8, 16, 24] && steps.map(\.samples) == [48, 96, 192, 384, 576])
    #expect(steps.allSatisfy { step in step.seconds.forward == 3 * 0.25 })
  }
}
