import Glibc
import ImageCodecs

/// The source of each pixel of a moved image: result (x, y) is source (a x + b y + c, d x + e y + f), in pixels, as in Pillow's
/// `Image.transform`.
struct AffineMap: Equatable {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// As the kernel wants it: multiples of 2⁻¹⁶, half a pixel added so that the whole part names the pixel.
  var fixedPoint: [6 of Int32] {
    func fixed(_ value: Double) -> Int32 {
      // Beyond that no pixel of an image is met.
      Int32(min(max((value * 65536 + 0.5).rounded(.down), -0x7fff_0000), 0x7fff_0000))
    }
    guard b != 0 || d != 0 else {
      // Without rotation Pillow computes in double: moves by less than 2⁻¹⁷ pixels count.
      return [65536, 0, fixed((c + 0.5).rounded(.down)), 0, 65536, fixed((f + 0.5).rounded(.down))]
    }
    return [
      fixed(a), fixed(b), fixed(c + a * 0.5 + b * 0.5), fixed(d), fixed(e), fixed(f + d * 0.5 + e * 0.5),
    ]
  }

  /// Moves the image by this many pixels to the right and down.
  static func translation(right: Double, down: Double) -> AffineMap {
    AffineMap(c: -right, f: -down)
  }

  /// A rotation of the image about the origin, as in Pillow's `Image.rotate`.
  static func rotation(counterclockwiseDegrees degrees: Double) -> AffineMap {
    let radians = degrees * .pi / 180
    return AffineMap(a: cos(radians), b: -sin(radians), d: sin(radians), e: cos(radians))
  }

  /// A rotation of an image about its center.
  static func rotation(counterclockwiseDegrees degrees: Double, aboutCenterOf size: ImageSize) -> AffineMap {
    rotation(counterclockwiseDegrees: degrees).about(x: Double(size.width) / 2, y: Double(size.height) / 2)
  }

  /// The same map about another origin.
  func about(x: Double, y: Double) -> AffineMap {
    AffineMap(a: a, b: b, c: c + x - a * x - b * y, d: d, e: e, f: f + y - d * x - e * y)
  }
}
