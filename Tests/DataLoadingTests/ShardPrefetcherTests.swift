import DataLoading
import Datasets
import Formats
import ImageCodecs
import Imaging
import Synchronization
import TestSupport
import Testing

/// Images that differ by their number, with a count of how often each was read.
private final class CountingDataset: ImageDataset {
  let classNames = ["a", "b"]
  let count = 64
  let viewSize = ImageSize(width: 4, height: 4)
  let normalization = ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
  /// The image that cannot be read.
  let damaged: Int?
  private let reads = Mutex([Int](repeating: 0, count: 64))

  init(damaged: Int? = nil) {
    self.damaged = damaged
  }

  var readCount: Int { reads.withLock { reads in reads.reduce(0, +) } }

  func label(at index: Int) -> Int { index % 2 }

  func image(at index: Int) throws(FileError) -> RGBImage {
    reads.withLock { reads in reads[index] += 1 }
    guard index != damaged else { throw FileError(.content, "image \(index) is damaged") }
    return RGBImage(width: 4, height: 4, samples: [UInt8](repeating: UInt8(index), count: 48))
  }
}

struct ShardPrefetcherTests {
  private static let elements = 4 * 2 * 48

  private func loader(_ dataset: CountingDataset) -> ShardLoader {
    ShardLoader(
      dataset, .cropFlipJitter, viewSize: dataset.viewSize, views: 2, seed: 5,
      layout: .init(channelStride: 16, pixelStride: 1))
  }

  private let requests = (0..<16).map { shard in
    ShardPrefetcher.Request(epoch: 1, samples: (0..<4).map { index in Int32(shard * 4 + index) })
  }

  private func expected(_ request: ShardPrefetcher.Request) throws -> [Float] {
    var views = [Float](repeating: .nan, count: Self.elements)
    var span = views.mutableSpan
    try loader(CountingDataset()).fill(&span, samples: request.samples.span, epoch: request.epoch)
    return views
  }

  private func filled(_ prefetcher: ShardPrefetcher, _ request: ShardPrefetcher.Request) throws(FileError) -> [Float] {
    var views = [Float](repeating: .nan, count: Self.elements)
    var span = views.mutableSpan
    try prefetcher.fill(&span, request)
    return views
  }

  @Test(arguments: [0, 1, 3])
  func `made ahead or not, the views are the same`(threads: Int) throws {
    let dataset = CountingDataset()
    let prefetcher = ShardPrefetcher(loader(dataset), elements: Self.elements, threads: threads)
    prefetcher.announce(Array(requests[..<9]))
    prefetcher.announce(Array(requests[9...]))
    // Not in the order of the announcement either, and one shard more than once.
    for index in [0, 1, 3, 2, 7, 5, 4, 6, 8, 9, 11, 10, 12, 13, 15, 14] {
      #expect(try filled(prefetcher, requests[index]) == expected(requests[index]))
    }
    #expect(dataset.readCount == 64, "each image was read once")
    #expect(try filled(prefetcher, requests[3]) == expected(requests[3]))
  }

  /// Two threads have four buffers of four images; more threads have no more of them than shards can be waiting.
  @Test(arguments: [(2, nil), (8, 4)] as [(Int, Int?)])
  func `no more is made ahead than there is room for`(threads: Int, atOnce: Int?) async throws {
    let dataset = CountingDataset()
    let prefetcher = ShardPrefetcher(
      loader(dataset), elements: Self.elements, threads: threads, requests: atOnce ?? .max)
    prefetcher.announce(requests)
    // Nothing is taken.
    for _ in 0..<500 where dataset.readCount < 16 {
      try await Task.sleep(for: .milliseconds(10))
    }
    try await Task.sleep(for: .milliseconds(50))
    #expect(dataset.readCount == 16)
    _ = try filled(prefetcher, requests[0])
    for _ in 0..<500 where dataset.readCount < 20 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(dataset.readCount == 20)
  }

  @Test func `the buffer of a shard that cannot be read is filled again`() async throws {
    let dataset = CountingDataset(damaged: 2)
    let prefetcher = ShardPrefetcher(loader(dataset), elements: Self.elements, threads: 2)
    prefetcher.announce(requests)
    // Of the first shard, three images are read, and four of each of the other buffers' shards.
    for _ in 0..<500 where dataset.readCount < 15 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(throws: FileError(.content, "image 2 is damaged")) { try filled(prefetcher, requests[0]) }
    for _ in 0..<500 where dataset.readCount < 19 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(dataset.readCount == 19)
  }

  @Test(arguments: [0, 2])
  func `an image that cannot be read is the error of its own shard`(threads: Int) throws {
    let prefetcher = ShardPrefetcher(loader(CountingDataset(damaged: 6)), elements: Self.elements, threads: threads)
    prefetcher.announce(requests)
    #expect(try filled(prefetcher, requests[0]) == expected(requests[0]))
    #expect(throws: FileError(.content, "image 6 is damaged")) { try filled(prefetcher, requests[1]) }
    #expect(try filled(prefetcher, requests[2]) == expected(requests[2]))
  }
}
