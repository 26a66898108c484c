import ImageCodecs

/// Counts of images without visible content and of samples (channel values) that are 0 or 255.
///
/// White and black images result from failed exports, and from 16-bit images that were clipped instead of scaled.
package struct ContrastCounts: Sendable, Equatable, Codable {
  /// The minimum range of a channel's 8-bit values for an image to have contrast.
  static let smallestRange: UInt8 = 8

  /// The number of images examined.
  package var images = 0
  /// The number of white images: without contrast, and every sample is 248 or more.
  package var white = 0
  /// The number of black images: without contrast, and every sample is 7 or less.
  package var black = 0
  /// The number of other images without contrast, whose values span fewer than 8 levels in every channel.
  package var uniform = 0
  /// The number of images with contrast, at least nine tenths of whose samples are 255: probably clipped.
  package var clipped = 0
  /// The number of samples (channel values) of all images.
  package var samples: Int64 = 0
  /// The number of samples that are 255.
  package var samplesAtMaximum: Int64 = 0
  /// The number of samples that are 0.
  package var samplesAtMinimum: Int64 = 0

  /// Creates counts of zero.
  package init() {}

  /// Adds the counts of another set of images.
  package mutating func add(_ other: ContrastCounts) {
    images += other.images
    white += other.white
    black += other.black
    uniform += other.uniform
    clipped += other.clipped
    samples += other.samples
    samplesAtMaximum += other.samplesAtMaximum
    samplesAtMinimum += other.samplesAtMinimum
  }

  /// Examines and counts one image.
  package mutating func add(_ image: RGBImage) {
    var smallest = SIMD4<UInt8>(repeating: .max)
    var largest = SIMD4<UInt8>(repeating: .min)
    var (atMaximum, atMinimum) = (0, 0)
    unsafe image.samples.withUnsafeBufferPointer { samples in
      for pixel in stride(from: 0, to: samples.count, by: 3) {
        let sample = unsafe SIMD4(samples[pixel], samples[pixel + 1], samples[pixel + 2], samples[pixel + 2])
        smallest = pointwiseMin(smallest, sample)
        largest = pointwiseMax(largest, sample)
      }
      for index in samples.indices {
        let sample = unsafe samples[index]
        atMaximum &+= sample == .max ? 1 : 0
        atMinimum &+= sample == .min ? 1 : 0
      }
    }
    images += 1
    samples += Int64(image.samples.count)
    samplesAtMaximum += Int64(atMaximum)
    samplesAtMinimum += Int64(atMinimum)
    if (largest &- smallest).max() < Self.smallestRange {
      if smallest.min() >= .max - 7 {
        white += 1
      } else if largest.max() <= 7 {
        black += 1
      } else {
        uniform += 1
      }
    } else if atMaximum * 10 >= image.samples.count * 9 {
      clipped += 1
    }
  }

  /// The number of images without visible content.
  package var withoutContrast: Int { white + black + uniform }

  /// Returns the warning about images without contrast, and about clipped images if these are 1 % or more, or `nil`.
  package func warning(advising remedy: String = "try --sixteen-bit scale, and train with it") -> String? {
    let bright = clipped * 100 >= images ? clipped : 0
    let parts = [
      (white, "white all over"), (black, "black all over"), (uniform, "of one color"),
      (bright, "with nine tenths of their samples at 255"),
    ].filter { count, _ in count > 0 }.map { count, name in "\(count) \(name) (\(percentage(of: count)))" }
    guard !parts.isEmpty else { return nil }
    return "of \(images == 1 ? "1 image" : "\(images) images"), \(parts.joined(separator: ", "))"
      + (white + bright > 0
        ? "; if they have 16 bits, they were clipped to 8: \(remedy)" : "")
  }

  /// The advice for images that are given to a trained run, whose options cannot be changed any more.
  package static let adviceForTrained = "begin a run with --sixteen-bit scale"

  private func percentage(of count: Int) -> String {
    let tenths = (Double(count) / Double(images) * 1000).rounded() / 10
    return tenths == 0 ? "below 0.1 %" : "\(tenths) %"
  }
}
