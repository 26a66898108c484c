/// The corruptions of Hendrycks and Dietterich 2019 that are computed here, under the names of the published files.
///
/// The fifteenth, `frost`, blends photographs in, which are not part of this program.
public enum Corruption: String, Sendable, CaseIterable {
  /// A normal deviate added to every sample.
  case gaussianNoise = "gaussian_noise"
  /// Every sample as a count of photons.
  case shotNoise = "shot_noise"
  /// Some samples black or full.
  case impulseNoise = "impulse_noise"
  /// A convolution with a disk.
  case defocusBlur = "defocus_blur"
  /// Pixels that take the color of a neighbor, between two Gaussian blurs.
  case glassBlur = "glass_blur"
  /// A convolution along a line of random direction.
  case motionBlur = "motion_blur"
  /// The mean of enlargements about the center.
  case zoomBlur = "zoom_blur"
  /// Flakes that fall along a line of random direction, and whitened colors.
  case snow
  /// A random cloud added.
  case fog
  /// The value of every color raised.
  case brightness
  /// Every channel drawn towards its mean.
  case contrast
  /// A random affine map, then a random displacement of every pixel.
  case elasticTransform = "elastic_transform"
  /// A smaller image, enlarged.
  case pixelate
  /// A JPEG file of low quality.
  case jpegCompression = "jpeg_compression"

  /// The corruption of the published fifteen that is not computed here.
  public static let missing = "frost"

  /// The number of severities.
  public static let severityCount = 5

  /// The place among the fifteen in the order of the paper, which keys the random draws.
  var place: Int {
    let index = Self.allCases.firstIndex(of: self) ?? 0
    // Frost stands between snow and fog.
    return index < 8 ? index : index + 1
  }
}
