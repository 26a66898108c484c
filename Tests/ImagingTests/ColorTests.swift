import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

/// Color changes against their closed forms, where nothing is clipped unless the test says so.
struct ColorTests {
  private static let weights: [Float] = [0.299, 0.587, 0.114]

  private func luminance(_ color: [Float]) -> Float {
    zip(Self.weights, color).reduce(0) { sum, pair in sum + pair.0 * pair.1 }
  }

  /// The factors of a view: after the draw whether it is jittered come brightness, contrast and saturation.
  private func factors(_ index: Int) -> (brightness: Float, contrast: Float, saturation: Float) {
    var draws = stream(index)
    _ = draws.nextUniform()
    return (
      draws.nextUniform(in: 0.6...1.4), draws.nextUniform(in: 0.6...1.4), draws.nextUniform(in: 0.6...1.4)
    )
  }

  @Test func `brightness multiplies a gray image, contrast and saturation leave it`() throws {
    for index in 0..<50 {
      let planes = try view(of: constant(102, 102, 102), Augmentation(tensorJitter), stream(index))
      let expected = 0.4 * factors(index).brightness
      #expect(planes.allSatisfy { element in abs(element - expected) < 1e-6 })
    }
  }

  @Test func `brightness is clipped at full`() throws {
    let planes = try (0..<100).map { index in
      try view(of: constant(255, 255, 255), Augmentation(tensorJitter), stream(index))[0]
    }
    for (index, value) in planes.enumerated() {
      #expect(abs(value - min(factors(index).brightness, 1)) < 1e-6)
    }
    #expect(planes.contains(1) && planes.contains { value in value < 0.99 })
  }

  /// An image of one color x has the mean luminance Y of its pixels: b (Y + s c (x − Y)).
  @Test func `one color moves towards and away from its luminance`() throws {
    let color: [Float] = [120.0 / 255, 100.0 / 255, 80.0 / 255]
    let gray = luminance(color)
    for index in 0..<50 {
      let planes = try view(of: constant(120, 100, 80), Augmentation(tensorJitter), stream(index))
      let (brightness, contrast, saturation) = factors(index)
      for channel in 0..<3 {
        let expected = brightness * (gray + saturation * contrast * (color[channel] - gray))
        #expect(abs(planes[16 * channel + 7] - expected) < 1e-6)
      }
    }
  }

  /// Gray pixels x of mean m: b (m + c (x − m)); saturation has nothing to do.
  @Test func `contrast is about the mean luminance`() throws {
    let levels: [Float] = [0.2, 0.2, 0.2, 0.6]
    let image = RGBImage(
      width: 2, height: 2, samples: levels.flatMap { level in Array(repeating: UInt8(level * 255), count: 3) })
    let mean: Float = 0.3
    for index in 0..<50 {
      let planes = try view(of: image, Augmentation(tensorJitter), stream(index))
      let (brightness, contrast, _) = factors(index)
      let expected = levels.map { level in brightness * (mean + contrast * (level - mean)) }
      #expect(largestDifference(planes, expected + expected + expected) < 1e-6)
    }
  }

  /// The mean is over luminances, not over all samples: red and blue pixels tell the two apart.
  @Test func `the mean luminance weighs the channels`() throws {
    let image = RGBImage(width: 2, height: 1, samples: [128, 0, 0, 0, 0, 128])
    let half: Float = 128.0 / 255
    let mean = half * (0.299 + 0.114) / 2
    for index in 0..<20 {
      let (brightness, contrast, saturation) = factors(index)
      func clip(_ value: Float) -> Float { min(max(value, 0), 1) }
      let lit = clip(brightness * (mean + contrast * (half - mean)))
      let dark = clip(brightness * (mean - contrast * mean))
      let red = 0.299 * lit + (0.587 + 0.114) * dark
      let blue = 0.114 * lit + (0.587 + 0.299) * dark
      let expected = [
        red + saturation * (lit - red), blue + saturation * (dark - blue), red + saturation * (dark - red),
        blue + saturation * (dark - blue), red + saturation * (dark - red), blue + saturation * (lit - blue),
      ].map(clip)
      #expect(try largestDifference(view(of: image, Augmentation(tensorJitter), stream(index)), expected) < 2e-6)
    }
  }

  @Test func `gray is the luminance in all channels`() throws {
    let augmentation = try Augmentation("tensor-grayscale(probability=1)")
    let image = noise(width: 5, height: 5)
    let expected = (0..<25).map { pixel in
      luminance((0..<3).map { channel in Float(image.samples[3 * pixel + channel]) / 255 })
    }
    #expect(largestDifference(view(of: image, augmentation, stream(0)), expected + expected + expected) < 1e-6)
  }

  @Test func `a strength of zero changes nothing`() throws {
    let augmentation = try Augmentation("tensor-jitter(brightness=0, contrast=0, saturation=0, probability=1)")
    let image = noise(width: 5, height: 5)
    #expect(largestDifference(view(of: image, augmentation, stream(0)), view(of: image, .none, stream(0))) < 1e-6)
  }
}

/// Frequency and strength of color changes, with fixed random streams, so that the outcome is deterministic.
struct ColorStatisticsTests {
  @Test func `four fifths are jittered`() throws {
    let augmentation = try Augmentation("tensor-jitter")
    let plain = view(of: constant(90, 60, 30), .none, stream(0))
    let count = 5000
    let jittered = (0..<count).filter { index in view(of: constant(90, 60, 30), augmentation, stream(index)) != plain }
    #expect(abs(jittered.count - count * 4 / 5) < 114)  // 4 standard deviations
  }

  @Test func `one fifth is gray, whether jittered or not`() throws {
    let augmentation = try Augmentation("flip + tensor-jitter + tensor-grayscale")
    let count = 5000
    let gray = (0..<count).filter { index in
      let planes = view(of: constant(90, 60, 30), augmentation, stream(index))
      return planes[0] == planes[16] && planes[0] == planes[32]
    }
    #expect(abs(gray.count - count / 5) < 114)
  }

  @Test func `brightness factors are uniform`() throws {
    var counts = [Int](repeating: 0, count: 16)
    for index in 0..<8000 {
      // A fifth of full brightness: the factor is five times what becomes of it.
      let factor = try view(of: constant(51, 51, 51), Augmentation(tensorJitter), stream(index))[0] * 5
      #expect((0.599_99...1.400_01).contains(factor))
      counts[min(max(Int((factor - 0.6) / 0.05), 0), 15)] += 1
    }
    #expect(chiSquare(counts) < chiSquareLimit(degreesOfFreedom: 15))
  }
}
