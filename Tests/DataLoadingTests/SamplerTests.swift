import DataLoading
import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

/// Labels without images.
private struct LabelsOnly: ImageDataset {
  let labels: [Int]
  let classNames: [String]
  let viewSize = ImageSize(width: 1, height: 1)
  let normalization = ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])

  /// So many samples of each class, the classes mixed.
  init(counts: [Int]) {
    var stream = RandomStream(seed: 1, .drawing)
    let sorted = counts.enumerated().flatMap { index, count in [Int32](repeating: Int32(index), count: count) }
    let keyed = sorted.map { label in (label, stream.nextWord()) }
    labels = keyed.sorted { first, second in first.1 < second.1 }.map { label, _ in Int(label) }
    classNames = counts.indices.map { index in "class \(index)" }
  }

  var count: Int { labels.count }
  func label(at index: Int) -> Int { labels[index] }
  func image(at index: Int) throws(FileError) -> RGBImage { throw FileError(.content, "there are no images") }
}

struct SamplerTests {
  private let dataset = LabelsOnly(counts: [50, 30, 15, 5])

  private func histogram(_ batch: ArraySlice<Int32>) -> [Int] {
    batch.reduce(into: [0, 0, 0, 0]) { counts, sample in counts[dataset.label(at: Int(sample))] += 1 }
  }

  @Test func `a shuffled epoch leaves the last partial batch out`() throws {
    let sampler = try Sampler(.shuffled, dataset, batchSize: 24, shardSize: 4, seed: 3)
    #expect(sampler.stepsPerEpoch == 4 && sampler.lastBatchSize == 24)
    let batches = sampler.batches(ofEpoch: 2)
    #expect(batches.map(\.count) == [24, 24, 24, 24])
    #expect(Array(batches.joined()) == Array(SampleOrder.permutation(of: 100, seed: 3, epoch: 2).prefix(96)))
  }

  // 100 = 3 · 28 + 16, and 16 = 2 · 7 + 2.
  @Test func `or keeps its whole shards`() throws {
    let sampler = try Sampler(.shuffled, dataset, batchSize: 28, shardSize: 7, lastBatch: .keep, seed: 3)
    #expect(sampler.stepsPerEpoch == 4 && sampler.lastBatchSize == 14)
    let batches = sampler.batches(ofEpoch: 0)
    #expect(batches.map(\.count) == [28, 28, 28, 14])
    #expect(Array(batches.joined()) == Array(SampleOrder.permutation(of: 100, seed: 3, epoch: 0).prefix(98)))
  }

  @Test func `less than a shard is never kept`() throws {
    let sampler = try Sampler(.shuffled, dataset, batchSize: 48, shardSize: 8, lastBatch: .keep, seed: 3)
    #expect(sampler.stepsPerEpoch == 2 && sampler.lastBatchSize == 48)
  }

  @Test func `balanced batches have as many samples of each of their classes`() throws {
    let sampler = try Sampler(.balanced(classesPerBatch: 3), dataset, batchSize: 15, shardSize: 5, seed: 3)
    var batchesOfClass = [0, 0, 0, 0]
    for epoch in 0..<20 {
      let batches = sampler.batches(ofEpoch: epoch)
      #expect(batches.count == 6)
      for batch in batches {
        #expect(Set(batch).count == 15, "no sample twice")
        #expect(histogram(batch).sorted() == [0, 5, 5, 5])
        for (index, count) in histogram(batch).enumerated() where count > 0 {
          batchesOfClass[index] += 1
        }
      }
    }
    // 120 batches of 3 of 4 classes, dealt in turn: 6 batches hold each class 4 or 5 times.
    #expect(batchesOfClass.reduce(0, +) == 360)
    #expect(batchesOfClass.allSatisfy { count in count >= 80 && count <= 100 })
  }

  @Test func `a class's samples all come before one comes again`() throws {
    let sampler = try Sampler(.balanced(classesPerBatch: 4), dataset, batchSize: 12, shardSize: 4, seed: 3)
    // 8 batches with 3 samples of each class: 24 of class 0's 50, and class 3's 5 samples four or five times each.
    var times: [Int32: Int] = [:]
    for sample in sampler.batches(ofEpoch: 1).joined() {
      times[sample, default: 0] += 1
    }
    for (index, expected) in [(0, 0...1), (1, 0...1), (2, 1...2), (3, 4...5)] {
      let own = (0..<100).filter { sample in dataset.label(at: sample) == index }
      #expect(own.allSatisfy { sample in expected.contains(times[Int32(sample), default: 0]) }, "class \(index)")
    }
  }

  @Test func `fixed labels: every batch has the same histogram`() throws {
    let sampler = try Sampler(.fixedLabels, dataset, batchSize: 32, shardSize: 8, seed: 3)
    // 16, 9.6, 4.8 and 1.6 samples; two more than the whole parts.
    // 0.8, then 0.6 of the first such class.
    let quotas = [16, 10, 5, 1]
    for epoch in 0..<5 {
      for batch in sampler.batches(ofEpoch: epoch) {
        #expect(Set(batch).count == 32)
        #expect(histogram(batch) == quotas)
      }
    }
    #expect(sampler.unseenClasses.isEmpty)
  }

  @Test(arguments: [(8, 3), (10, 3), (24, 7), (30, 7)])
  func `fixed labels: classes of one size take turns`(batchSize: Int, epochs: Int) throws {
    // Ten classes of 60 samples and one of 2, which has no place in small batches.
    let dataset = LabelsOnly(counts: Array(repeating: 60, count: 10) + [2])
    let sampler = try Sampler(.fixedLabels, dataset, batchSize: batchSize, shardSize: 2, seed: 3)
    #expect(sampler.unseenClasses == [10])
    var (seen, counts) = ([Int](repeating: 0, count: 11), Set<[Int]>())
    for epoch in 0..<epochs {
      for batch in sampler.batches(ofEpoch: epoch) {
        #expect(Set(batch).count == batchSize)
        let own = batch.reduce(into: [Int](repeating: 0, count: 11)) { counts, sample in
          counts[dataset.label(at: Int(sample))] += 1
        }
        counts.insert(own.sorted())
        for (index, count) in own.enumerated() { seen[index] += count }
      }
    }
    #expect(counts.count == 1, "the same numbers, whichever classes have them")
    let large = seen.prefix(10)
    let spread = (large.max() ?? 0) - (large.min() ?? 0)
    // The order of turns begins anew in each epoch.
    #expect(large.allSatisfy { count in count > 0 } && spread <= epochs && seen[10] == 0)
  }

  @Test(arguments: [Sampler.Kind.balanced(classesPerBatch: 2), .fixedLabels])
  func `seed and epoch give other batches, the same ones the same, mixed`(kind: Sampler.Kind) throws {
    let sampler = try Sampler(kind, dataset, batchSize: 10, shardSize: 5, seed: 3)
    let other = try Sampler(kind, dataset, batchSize: 10, shardSize: 5, seed: 4)
    let batches = sampler.batches(ofEpoch: 4)
    #expect(batches == sampler.batches(ofEpoch: 4))
    #expect(batches != sampler.batches(ofEpoch: 5))
    #expect(batches != other.batches(ofEpoch: 4))
    // A shard of half a batch has more than one class in almost all batches.
    let mixed = (0..<20).flatMap { epoch in sampler.batches(ofEpoch: epoch) }.filter { batch in
      histogram(batch.prefix(5)).count { count in count > 0 } > 1
    }
    #expect(mixed.count > 150)
  }

  @Test func `what a dataset cannot fill is refused by name`() {
    #expect(throws: SamplerError.tooFewSamples(batchSize: 128, sampleCount: 100)) {
      try Sampler(.shuffled, dataset, batchSize: 128, shardSize: 4, seed: 0)
    }
    #expect(throws: SamplerError.tooFewClasses(classesPerBatch: 8, classCount: 4)) {
      try Sampler(.balanced(classesPerBatch: 8), dataset, batchSize: 16, shardSize: 4, seed: 0)
    }
    #expect(
      throws: SamplerError.smallClass(name: "class 3", sampleCount: 5, needed: 8, classesPerBatch: 4)
    ) {
      try Sampler(.balanced(classesPerBatch: 4), dataset, batchSize: 32, shardSize: 4, seed: 0)
    }
  }
}
