import DataLoading
import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

/// Mixup and CutMix against their definitions, and the flip that alternates.
struct SampleMixingTests {
  private static let size = ImageSize(width: 12, height: 10)
  private static let elements = 360
  private static let samples: [Int32] = [3, 17, 8, 30, 21]

  private func loader(_ mixing: SampleMixing?, _ augmentation: Augmentation = .cropFlip) -> ShardLoader {
    var loader = ShardLoader(
      NoiseDataset(), augmentation, viewSize: Self.size, views: 2, seed: 5,
      layout: .init(channelStride: 1, pixelStride: 3))
    loader.mixing = mixing
    return loader
  }

  /// The views of a shard, `[view · samples + position]`.
  private func views(_ loader: ShardLoader, of samples: [Int32] = samples, epoch: Int = 0) throws -> [[Float]] {
    var batch = [Float](repeating: .nan, count: 2 * samples.count * Self.elements)
    var span = batch.mutableSpan
    try loader.fill(&span, samples: samples.span, epoch: epoch)
    return (0..<2 * samples.count).map { row in Array(batch[row * Self.elements..<(row + 1) * Self.elements]) }
  }

  @Test func `mixup is the weighted mean of a view and its partner's`() throws {
    let mixing = SampleMixing(mixup: 0.4, cutmix: 0, seed: 9)
    let (plain, mixed) = (try views(loader(nil), epoch: 3), try views(loader(mixing), epoch: 3))
    for row in 0..<10 {
      let (view, position) = (row / 5, row % 5)
      let mixingWeight = mixing.mixingWeight(sample: Int(Self.samples[position]), view: view, epoch: 3, size: Self.size)
      let partner = plain[view * 5 + 4 - position]
      for (index, value) in mixed[row].enumerated() {
        let expected = mixingWeight * Double(plain[row][index]) + (1 - mixingWeight) * Double(partner[index])
        #expect(abs(Double(value) - expected) < 1e-6)
      }
    }
    #expect(mixed[2] == plain[2], "the one in the middle is its own partner")
    #expect(mixed[0] != plain[0])
  }

  @Test func `CutMix shows the partner in one rectangle, and the mixing weight is that of the other pixels`() throws {
    let mixing = SampleMixing(mixup: 0, cutmix: 1, seed: 9)
    // Without margins, which are equal in all views.
    let flip = try Augmentation("flip")
    let (plain, mixed) = (try views(loader(nil, flip)), try views(loader(mixing, flip)))
    var patches = 0
    for row in [0, 1, 3, 4, 5, 6, 8, 9] {
      let (view, position) = (row / 5, row % 5)
      let partner = plain[view * 5 + 4 - position]
      let changed = (0..<120).filter { pixel in
        mixed[row][3 * pixel..<3 * pixel + 3] != plain[row][3 * pixel..<3 * pixel + 3]
      }
      for pixel in changed {
        #expect(mixed[row][3 * pixel..<3 * pixel + 3] == partner[3 * pixel..<3 * pixel + 3])
      }
      let (rows, columns) = (Set(changed.map { pixel in pixel / 12 }), Set(changed.map { pixel in pixel % 12 }))
      #expect(changed.count == rows.count * columns.count, "a rectangle")
      let mixingWeight = mixing.mixingWeight(sample: Int(Self.samples[position]), view: view, epoch: 0, size: Self.size)
      #expect(abs(mixingWeight - (1 - Double(changed.count) / 120)) < 1e-12)
      patches += changed.isEmpty ? 0 : 1
    }
    #expect(patches > 3, "most rectangles are not empty")
  }

  /// With 1 − λ uniform, as of Beta(1, 1), and a side of r = √(1 − λ) about a uniform center, a clipped side has the
  /// mean r − r²/4, and the partner E (r − r²/4)² = 1/2 − 1/5 + 1/48 of the pixels.
  @Test func `rectangles of CutMix have the area and the shape of their definition`() {
    let size = ImageSize(width: 1000, height: 800)
    let mixing = SampleMixing(mixup: 0, cutmix: 1, seed: 4)
    var (area, whole) = (0.0, 0)
    for sample in 0..<20_000 {
      area += 1 - mixing.mixingWeight(sample: sample, view: 1, epoch: 2, size: size)
      guard case .patch(let rows, let columns) = mixing.mixture(sample: sample, view: 1, epoch: 2, size: size) else {
        Issue.record("sample \(sample) has no rectangle")
        return
      }
      guard rows.lowerBound > 0, rows.upperBound < 800, columns.lowerBound > 0, columns.upperBound < 1000 else {
        continue
      }
      whole += 1
      let shares = (Double(rows.count) / 800, Double(columns.count) / 1000)
      #expect(abs(shares.0 - shares.1) < 2.0 / 800, "not of the view's shape: \(rows), \(columns)")
    }
    // A sixth of the rectangles touches no edge.
    #expect(whole > 2000)
    #expect(abs(area / 20_000 - (1.0 / 2 - 1.0 / 5 + 1.0 / 48)) < 0.01, "\(area / 20_000)")
  }

  /// Mean 1/2 and variance 1/(4(2α + 1)) of Beta(α, α).
  @Test(arguments: [0.05, 0.2, 1, 5, 100])
  func `mixing weights have the moments of the Beta distribution`(alpha: Double) {
    let mixing = SampleMixing(mixup: alpha, cutmix: 0, seed: 1)
    let mixingWeights = (0..<20_000).map { sample in
      mixing.mixingWeight(sample: sample, view: 0, epoch: 0, size: Self.size)
    }
    #expect(mixingWeights.allSatisfy { mixingWeight in (0...1).contains(mixingWeight) })
    let mean = mixingWeights.reduce(0, +) / 20_000
    let variance =
      mixingWeights.reduce(0) { sum, mixingWeight in sum + (mixingWeight - mean) * (mixingWeight - mean) } / 20_000
    let expected = 1 / (4 * (2 * alpha + 1))
    #expect(abs(mean - 0.5) < 5 * (expected / 20_000).squareRoot())
    #expect(abs(variance / expected - 1) < 0.05, "\(variance) instead of \(expected)")
  }

  @Test func `with both, each view draws one of the two`() {
    let mixing = SampleMixing(mixup: 1, cutmix: 1, seed: 1)
    let patches = (0..<1000).count { sample in
      if case .patch = mixing.mixture(sample: sample, view: 0, epoch: 0, size: Self.size) { true } else { false }
    }
    #expect((430...570).contains(patches))
    let other = mixing.mixture(sample: 0, view: 0, epoch: 1, size: Self.size)
    #expect(mixing.mixture(sample: 0, view: 0, epoch: 0, size: Self.size) != other)
  }

  @Test func `an alternating flip shows both orientations in two epochs`() throws {
    var alternating = loader(nil, try Augmentation("flip"))
    alternating.alternatesFlip = true
    let epochs = try (0..<4).map { epoch in try views(alternating, epoch: epoch) }
    func mirrored(_ view: [Float]) -> [Float] {
      (0..<120).flatMap { pixel in
        let source = pixel / 12 * 12 + 11 - pixel % 12
        return view[3 * source..<3 * source + 3]
      }
    }
    for row in 0..<10 {
      #expect(epochs[1][row] == mirrored(epochs[0][row]))
      #expect(epochs[2][row] == epochs[0][row] && epochs[3][row] == epochs[1][row])
    }
    let first = (0..<400).count { sample in
      alternating.choices(sample: sample, view: 0, epoch: 0).isMirrored == true
    }
    #expect((150...250).contains(first), "the first epoch draws")
  }

  @Test func `an alternating flip leaves the other draws as they are`() throws {
    var alternating = loader(nil)
    let drawn = try views(alternating)
    alternating.alternatesFlip = true
    let fixed = try views(alternating)
    let equal = (0..<10).count { row in drawn[row] == fixed[row] }
    #expect(equal > 0 && equal < 10)
  }

  @Test func `images of the full size are resized without a margin`() throws {
    let image = try NoiseDataset().image(at: 1)
    func view(fullSize: ImageSize?) -> [Float] {
      var stream = RandomStream(seed: 0, .augmentation)
      var choices = Augmentation.FixedChoices()
      choices.fullSize = fullSize
      var view = [Float](repeating: .nan, count: 3 * 30)
      var span = view.mutableSpan
      Augmentation.none.makeView(
        of: image, size: ImageSize(width: 6, height: 5), &stream,
        ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1]), workspace: AugmentationWorkspace(),
        fixed: choices, into: &span, channelStride: 30, pixelStride: 1)
      return view
    }
    let resized = image.resizedShorterSide(5)
    let expected = (0..<90).map { index in Float(resized.samples[index % 30 * 3 + index / 30]) / 255 }
    #expect(view(fullSize: Self.size) == expected)
    #expect(view(fullSize: nil) != expected, "a margin of 8/7")
  }
}
