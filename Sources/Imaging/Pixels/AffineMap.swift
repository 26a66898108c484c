import Glibc
import ImageCodecs

/// An affine map from the pixels of a transformed image to those of the source image, as in Pillow's `Image.transform`.
///
/// The result's pixel (x, y) is the source's pixel (a x + b y + c, d x + e y + f).
struct AffineMap: Equatable {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// The coefficients for the C kernel in fixed point, multiples of 2⁻¹⁶, with half a pixel added so that the integer
  /// part of a position is the pixel's index.
  var fixedPoint: [6 of Int32] {
    func fixed(_ value: Double) -> Int32 {
      // Larger coefficients would map every pixel outside the image.
      Int32(min(max((value * 65536 + 0.5).rounded(.down), -0x7fff_0000), 0x7fff_0000))
    }
    guard b != 0 || d != 0 else {
      // Without rotation Pillow computes in float64, where shifts of less than 2⁻¹⁷ pixels matter.
      return [65536, 0, fixed((c + 0.5).rounded(.down)), 0, 65536, fixed((f + 0.5).rounded(.down))]
    }
    return [
      fixed(a), fixed(b), fixed(c + a * 0.5 + b * 0.5), fixed(d), fixed(e), fixed(f + d * 0.5 + e * 0.5),
    ]
  }

  /// Returns a map that rotates the image about the origin, as Pillow's `Image.rotate` does.
  static func rotation(counterclockwiseDegrees degrees: Double) -> AffineMap {
    let radians = degrees * .pi / 180
    return AffineMap(a: cos(radians), b: -sin(radians), d: sin(radians), e: cos(radians))
  }

  /// Returns a map that rotates the image about its center.
  static func rotation(counterclockwiseDegrees degrees: Double, aboutCenterOf size: ImageSize) -> AffineMap {
    rotation(counterclockwiseDegrees: degrees).about(x: Double(size.width) / 2, y: Double(size.height) / 2)
  }

  /// Returns the map with the same linear part whose fixed point is (x, y) in place of (0, 0).
  func about(x: Double, y: Double) -> AffineMap {
    AffineMap(a: a, b: b, c: c + x - a * x - b * y, d: d, e: e, f: f + y - d * x - e * y)
  }
}
