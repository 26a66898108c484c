import ImageCodecs

/// A square image, or one plane of it, in float64; 0 black, 1 full.
struct Raster {
  /// Width and height in pixels.
  let side: Int
  /// The planes, each `[side, side]`: red, green and blue, or one.
  var planes: [[Double]]

  init(side: Int, planes: [[Double]]) {
    precondition(planes.allSatisfy { plane in plane.count == side * side }, "planes of \(side)×\(side) pixels")
    self.side = side
    self.planes = planes
  }

  /// Takes the levels of an image.
  init(_ image: RGBImage) {
    side = image.width
    let samples = image.samples
    planes = (0..<3).map { channel in
      stride(from: channel, to: samples.count, by: 3).map { index in Double(samples[index]) / 255 }
    }
  }

  /// The image of 8 bits a channel; levels are cut to 0…1 and rounded down, as in the published files.
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

  /// Each plane mapped by a function.
  func mapPlanes(_ transform: ([Double]) -> [Double]) -> Raster {
    Raster(side: side, planes: planes.map(transform))
  }

  /// Each sample mapped by a function.
  func map(_ transform: (Double) -> Double) -> Raster {
    mapPlanes { plane in plane.map(transform) }
  }

  /// Returns a sample as a level from 0 to 255, rounded down.
  static func level(_ value: Double) -> UInt8 { UInt8(min(max(value, 0), 1) * 255) }
}

/// The pixels beyond the edge of an image.
enum Border {
  /// The outermost pixel: `a a | a b c | c c`.
  case nearest
  /// The image reflected about its edge: `b a | a b c | c b`.
  case symmetric
  /// The image reflected about its outermost pixel: `c b | a b c | b a`.
  case mirrored

  /// Returns the pixel inside an image of `count` pixels that stands at `index`.
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
