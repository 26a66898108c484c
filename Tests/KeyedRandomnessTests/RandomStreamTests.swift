import KeyedRandomness
import Testing

struct RandomStreamTests {
  private func words(_ stream: RandomStream, count: Int = 8) -> [UInt32] {
    var stream = stream
    return (0..<count).map { _ in stream.nextWord() }
  }

  @Test func `a stream's first words are the generator's block of its key`() {
    let seed: UInt64 = 0x0123_4567_89AB_CDEF
    let found = words(RandomStream(seed: seed, .augmentation, epoch: 5, sample: 6, view: 7))
    let key: SIMD2<UInt32> = SIMD2(0x89AB_CDEF, 0x0123_4567)
    let last: UInt32 = 7 << 8 | RandomPurpose.augmentation.rawValue
    let blocks = [0, 1].map { block in Philox.block(key: key, counter: SIMD4(block, 5, 6, last)) }
    #expect(found == blocks.flatMap { block in (0..<4).map { lane in block[lane] } })
  }

  @Test func `each part of the key gives another stream`() {
    let streams = [
      RandomStream(seed: 1, .augmentation), RandomStream(seed: 2, .augmentation),
      RandomStream(seed: 1 << 32 | 1, .augmentation), RandomStream(seed: 1, .sampleOrder),
      RandomStream(seed: 1, .initialization), RandomStream(seed: 1, .drawing),
      RandomStream(seed: 1, .linearSampleOrder),
      RandomStream(seed: 1, .augmentation, epoch: 1), RandomStream(seed: 1, .augmentation, sample: 1),
      RandomStream(seed: 1, .augmentation, view: 1), RandomStream(seed: 1, .augmentation, view: 1 << 16),
    ]
    #expect(Set(streams.map { stream in words(stream) }).count == streams.count)
  }

  @Test func `a stream repeats itself, and a copy goes its own way`() {
    var stream = RandomStream(seed: 3, .drawing, sample: 4)
    _ = stream.nextWord()
    var copy = stream
    let ahead = (0..<9).map { _ in copy.nextWord() }
    #expect((0..<9).map { _ in stream.nextWord() } == ahead)
    #expect(words(RandomStream(seed: 3, .drawing, sample: 4)) != words(RandomStream(seed: 3, .drawing, sample: 5)))
  }

  @Test func `uniform numbers are multiples of 2⁻²⁴ below one`() {
    var stream = RandomStream(seed: 11, .drawing)
    for _ in 0..<10_000 {
      let value = stream.nextUniform()
      #expect((0..<1).contains(value) && (value * 0x1p24).rounded() == value * 0x1p24)
    }
  }

  @Test func `numbers of a range stay in it and reach its ends nearly`() {
    var stream = RandomStream(seed: 12, .drawing)
    let values = (0..<10_000).map { _ in stream.nextUniform(in: 0.6...1.4) }
    #expect(values.allSatisfy { value in (0.6...1.4).contains(value) })
    #expect((values.min() ?? 1) < 0.601 && (values.max() ?? 1) > 1.399)
  }
}

/// Statistics of fixed streams: they pass or fail for ever.
struct RandomStatisticsTests {
  /// Pearson's statistic against equal expected counts.
  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { sum, count in sum + (Double(count) - expected) * (Double(count) - expected) / expected }
  }

  // Mean 99, standard deviation 14: 150 is 3.6 deviations above, 55 is 3.1 below (too even is no chance either).
  private let acceptable = 55.0...150.0

  @Test func `uniform numbers fill a hundred bins evenly`() {
    var stream = RandomStream(seed: 21, .drawing)
    var counts = [Int](repeating: 0, count: 100)
    for _ in 0..<100_000 {
      counts[Int(stream.nextUniform() * 100)] += 1
    }
    #expect(acceptable.contains(chiSquare(counts)))
  }

  @Test func `the first draws of consecutive samples are as even`() {
    var counts = [Int](repeating: 0, count: 100)
    for sample in 0..<100_000 {
      var stream = RandomStream(seed: 22, .augmentation, sample: sample)
      counts[stream.nextInteger(below: 100)] += 1
    }
    #expect(acceptable.contains(chiSquare(counts)))
  }

  @Test func `the draws of two views are independent`() {
    var counts = [Int](repeating: 0, count: 100)
    for sample in 0..<100_000 {
      var first = RandomStream(seed: 23, .augmentation, sample: sample, view: 0)
      var second = RandomStream(seed: 23, .augmentation, sample: sample, view: 1)
      counts[first.nextInteger(below: 10) * 10 + second.nextInteger(below: 10)] += 1
    }
    #expect(acceptable.contains(chiSquare(counts)))
  }

  @Test func `integers below seven come equally often`() {
    var stream = RandomStream(seed: 24, .drawing)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 {
      counts[stream.nextInteger(below: 7)] += 1
    }
    #expect(chiSquare(counts) < 25)  // 6 ± 3.5
  }

  @Test(arguments: [Float(0), 0.2, 0.5, 0.8, 1])
  func `events happen with their probability`(probability: Float) {
    var stream = RandomStream(seed: 25, .drawing)
    let count = 100_000
    let events = (0..<count).filter { _ in stream.nextEvent(probability: probability) }.count
    let expected = Double(probability) * Double(count)
    let deviation = (expected * (1 - Double(probability))).squareRoot()
    #expect(abs(Double(events) - expected) <= 4 * deviation)
  }
}
