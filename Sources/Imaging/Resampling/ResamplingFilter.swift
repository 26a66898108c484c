import Glibc

/// The interpolation filter for resizing images.
public enum ResamplingFilter: String, Sendable, CaseIterable {
  /// Bilinear interpolation: a triangle filter with a radius of one pixel (``support``).
  case bilinear
  /// Bicubic interpolation: Keys's cubic with a = −½ and a radius of two pixels (``support``).
  case bicubic

  /// The radius of the filter, in pixels of the smaller image, or of the source image without antialiasing.
  var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  /// Returns the unnormalized weight at a distance in the unit of ``support``; 0 at distances of ``support`` or more.
  func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .bicubic:
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
    }
  }
}
