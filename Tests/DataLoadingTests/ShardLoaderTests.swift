import DataLoading
import Datasets
import Dispatch
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

struct ShardLoaderTests {
  private static let elements = 360

  private func loader(
    _ augmentation: Augmentation = .cropFlipJitter, views: Int = 2, seed: UInt64 = 5
  ) -> ShardLoader {
    ShardLoader(
      NoiseDataset(), augmentation, viewSize: ImageSize(width: 12, height: 10), views: views, seed: seed,
      layout: .init(channelStride: 120, pixelStride: 1))
  }

  /// The views of a shard, `[view][sample]`.
  private func views(_ loader: ShardLoader, of samples: [Int32], views: Int = 2, epoch: Int = 0) throws -> [[[Float]]] {
    var batch = [Float](repeating: .nan, count: views * samples.count * Self.elements)
    var span = batch.mutableSpan
    try loader.fill(&span, samples: samples.span, epoch: epoch)
    return (0..<views).map { view in
      samples.indices.map { position in
        let start = (view * samples.count + position) * Self.elements
        return Array(batch[start..<start + Self.elements])
      }
    }
  }

  @Test func `view 0 of all samples, then view 1`() throws {
    let samples: [Int32] = [3, 17, 8]
    let dataset = NoiseDataset()
    let found = try views(loader(), of: samples)
    for (position, sample) in samples.enumerated() {
      for view in 0..<2 {
        var stream = RandomStream(seed: 5, .augmentation, epoch: 0, sample: Int(sample), view: view)
        var expected = [Float](repeating: .nan, count: Self.elements)
        var target = expected.mutableSpan
        Augmentation.cropFlipJitter.makeView(
          of: try dataset.image(at: Int(sample)), size: dataset.viewSize, &stream, dataset.normalization,
          workspace: AugmentationWorkspace(), into: &target, channelStride: 120, pixelStride: 1)
        #expect(found[view][position] == expected)
      }
    }
  }

  @Test func `a view does not depend on its shard, its place or the number of views`() throws {
    let together = try views(loader(), of: [3, 17, 8, 30])
    let reversed = try views(loader(), of: [30, 8, 17, 3])
    let alone = try views(loader(views: 3), of: [17], views: 3)
    for view in 0..<2 {
      #expect(reversed[view] == together[view].reversed())
      #expect(alone[view][0] == together[view][1])
    }
  }

  @Test func `threads do not matter`() throws {
    let samples = (0..<40).map { index in Int32(index) }
    let whole = try views(loader(), of: samples)
    let loader = loader()
    var batch = [Float](repeating: .nan, count: 40 * 2 * Self.elements)
    unsafe batch.withUnsafeMutableBufferPointer { batch in
      // Each iteration fills the views of its own sample.
      nonisolated(unsafe) let batch = unsafe batch
      DispatchQueue.concurrentPerform(iterations: 40) { index in
        let own = [samples[index]]
        let rows = unsafe UnsafeMutableBufferPointer(rebasing: batch[index * 720..<(index + 1) * 720])
        var target = unsafe MutableSpan(_unsafeElements: rows)
        do throws(FileError) {
          try loader.fill(&target, samples: own.span, epoch: 0)
        } catch {
          Issue.record(error)
        }
      }
    }
    for index in 0..<40 {
      let own = Array(batch[index * 720..<(index + 1) * 720])
      #expect(own == whole[0][index] + whole[1][index])
    }
  }

  @Test func `seed, epoch, sample and view change what is drawn`() throws {
    let base = try views(loader(), of: [3, 4])
    #expect(base[0][0] != base[1][0])
    #expect(try views(loader(seed: 6), of: [3, 4])[0][0] != base[0][0])
    #expect(try views(loader(), of: [3, 4], epoch: 1)[0][0] != base[0][0])
    #expect(try views(loader(), of: [3, 4]) == base)
  }

  @Test func `without augmentation all views and epochs are the image`() throws {
    let found = try views(loader(.none), of: [7])
    #expect(found[0] == found[1])
    let image = try NoiseDataset().image(at: 7)
    let green = Float(image.samples[5 * 3 + 1]) / 255
    #expect(found[0][0][120 + 5] == (green - 0.4) / 0.3)
    #expect(try views(loader(.none, seed: 8), of: [7], epoch: 3) == found)
  }

  @Test func `rows behind the views stay as they are`() throws {
    var batch = [Float](repeating: 9, count: 3 * Self.elements)
    var span = batch.mutableSpan
    let samples: [Int32] = [1]
    try loader().fill(&span, samples: samples.span, epoch: 0)
    #expect(batch[(2 * Self.elements)...].allSatisfy { element in element == 9 })
    #expect(!batch[..<(2 * Self.elements)].contains(9))
  }

  @Test func `an image that cannot be read is an error`() throws {
    let error = try #require(throws: FileError.self) { try views(loader(), of: [1, 40]) }
    #expect(error.description == "no image 40")
  }
}
