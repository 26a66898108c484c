import ImageCodecs

/// A square image, or one channel of it, in float64, from 0 (black) to 1 (full).
struct Raster {
  /// The width and height in pixels.
  let side: Int
  /// The planes, each `[side, side]`: red, green and blue, or a single one.
  var planes: [[Double]]

  init(side: Int, planes: [[Double]]) {
    precondition(planes.allSatisfy { plane in plane.count == side * side }, "planes of \(side)×\(side) pixels")
    self.side = side
    self.planes = planes
  }

  /// Converts an 8-bit RGB image.
  init(_ image: RGBImage) {
    side = image.width
    let samples = image.samples
    planes = (0..<3).map { channel in
      stride(from: channel, to: samples.count, by: 3).map { index in Double(samples[index]) / 255 }
    }
  }

  /// The image with 8 bits per channel; values are clipped to [0, 1] and rounded down, as in the published files.
  var image: RGBImage {
    var samples = [UInt8](repeating: 0, count: 3 * side * side)
    for (channel, plane) in planes.enumerated() {
      for (pixel, value) in plane.enumerated() {
        samples[3 * pixel + channel] = Self.level(value)
      }
    }
    return RGBImage(width: side, height: side, samples: samples)
  }

  /// The largest sample.
  var maximum: Double { planes.reduce(0) { largest, plane in max(largest, plane.max() ?? 0) } }

  /// Applies a function to each plane.
  func mapPlanes(_ transform: ([Double]) -> [Double]) -> Raster {
    Raster(side: side, planes: planes.map(transform))
  }

  /// Applies a function to each sample.
  func map(_ transform: (Double) -> Double) -> Raster {
    mapPlanes { plane in plane.map(transform) }
  }

  /// Converts a sample to 8 bits: clipped to [0, 1], scaled to 0…255 and rounded down.
  static func level(_ value: Double) -> UInt8 { UInt8(min(max(value, 0), 1) * 255) }
}

/// The padding of an image beyond its edges.
enum Border {
  /// Repetition of the outermost pixel: `a a | a b c | c c`.
  case nearest
  /// The image reflected about its edge: `b a | a b c | c b`.
  case symmetric
  /// The image reflected about its outermost pixel: `c b | a b c | b a`.
  case mirrored

  /// Returns the index from 0 to `count` − 1 of the pixel that stands for `index`.
  func index(_ index: Int, _ count: Int) -> Int {
    guard index < 0 || index >= count else { return index }
    switch self {
    case .nearest: return min(max(index, 0), count - 1)
    case .symmetric:
      let place = Self.remainder(index, 2 * count)
      return place < count ? place : 2 * count - 1 - place
    case .mirrored:
      guard count > 1 else { return 0 }
      let place = Self.remainder(index, 2 * count - 2)
      return place < count ? place : 2 * count - 2 - place
    }
  }

  private static func remainder(_ index: Int, _ period: Int) -> Int {
    let rest = index % period
    return rest < 0 ? rest + period : rest
  }
}
