/// The image corruptions of Hendrycks and Dietterich (2019), except `frost`, under the names of the published files.
///
/// `frost` needs photographs to blend in, which are not part of this program.
public enum Corruption: String, Sendable, CaseIterable {
  /// Additive Gaussian noise.
  case gaussianNoise = "gaussian_noise"
  /// Poisson noise: each pixel value as a photon count.
  case shotNoise = "shot_noise"
  /// Salt-and-pepper noise: random samples set to 0 or 255.
  case impulseNoise = "impulse_noise"
  /// Blur by convolution with a disk.
  case defocusBlur = "defocus_blur"
  /// Random copies of neighboring pixels, between two Gaussian blurs.
  case glassBlur = "glass_blur"
  /// Blur along a line of random direction.
  case motionBlur = "motion_blur"
  /// The mean of the image and of enlargements about its center.
  case zoomBlur = "zoom_blur"
  /// Random snowflakes, blurred along a random direction, over a whitened image.
  case snow
  /// A random cloud, added to the image.
  case fog
  /// A constant added to the value V of each pixel in HSV space.
  case brightness
  /// Lower contrast: each channel scaled towards its mean.
  case contrast
  /// A random affine transform, then a smooth random displacement of each pixel.
  case elasticTransform = "elastic_transform"
  /// The image downsampled and enlarged again.
  case pixelate
  /// Compression as JPEG at low quality.
  case jpegCompression = "jpeg_compression"

  /// The published corruption that is not implemented.
  public static let missing = "frost"

  /// The number of severities.
  public static let severityCount = 5

  /// The index of the corruption among the paper's fifteen, part of the key of the random draws.
  var place: Int {
    let index = Self.allCases.firstIndex(of: self) ?? 0
    // Frost stands between snow and fog.
    return index < 8 ? index : index + 1
  }
}
