/// The parameters of all corruptions for images of one size; every list has one entry per severity.
///
/// The values come from the scripts that made the published files (hendrycks/robustness, `ImageNet-C/create_c`:
/// `make_cifar_c.py`, `make_tinyimagenet_c.py`, `make_imagenet_c.py`). Lengths are in pixels, brightness from 0 to 1.
public struct CorruptionForm: Sendable {
  /// The name of the published dataset.
  public let name: String
  /// The width and height of the images in pixels.
  public let side: Int

  /// The standard deviation of Gaussian noise, for samples from 0 to 1.
  let gaussianNoise: [Double]
  /// The number of photons of a sample of full brightness, the scale of shot noise.
  let shotNoise: [Double]
  /// The fraction of samples that impulse noise sets to black or full.
  let impulseNoise: [Double]
  /// The radius of the defocus disk, and the standard deviation of its Gaussian smoothing, in pixels.
  let defocus: [(radius: Double, sigma: Double)]
  /// The standard deviation of the glass blur's Gaussians, the maximum move of a pixel (both in pixels), and the number
  /// of passes over the image.
  let glass: [(sigma: Double, distance: Int, passes: Int)]
  /// The radius of the motion blur's line filter, and the standard deviation of its weights, in pixels.
  let motion: [(radius: Int, sigma: Double)]
  /// The number of enlargements of the zoom blur, and the difference between two successive zoom factors.
  let zoom: [(count: Int, step: Double)]
  /// The parameters of the snowflakes and of the whitening.
  let snow: [Snow]
  /// The maximum brightness of fog, and the factor by which its amplitude falls from one scale to the next finer one.
  let fog: [(strength: Double, decay: Double)]
  /// The amount added to the value V of each pixel in HSV space, V from 0 to 1.
  let brightness: [Double]
  /// The factor by which each channel's deviations from its mean are multiplied.
  let contrast: [Double]
  /// The elastic transform's displacement amplitude, the standard deviation of its smoothing, and the maximum shift of
  /// the three points that define the affine transform, in pixels.
  let elastic: [(amplitude: Double, sigma: Double, shift: Double)]
  /// The side of the downsampled image as a fraction of the original side.
  let pixelate: [Double]
  /// The JPEG quality, from 1 to 100.
  let jpeg: [Int]

  /// The parameters of snow.
  struct Snow: Sendable {
    /// The mean and standard deviation of the Gaussian noise from which flakes are made.
    let mean, deviation: Double
    /// The factor by which flakes are enlarged.
    let zoom: Double
    /// The threshold below which noise is set to 0 (no flake).
    let threshold: Double
    /// The radius of the flakes' motion blur, in pixels.
    let radius: Int
    let sigma: Double
    /// The weight of the original image in its mixture with the whitened image.
    let kept: Double

    init(
      _ mean: Double, _ deviation: Double, _ zoom: Double, _ threshold: Double, _ radius: Int, _ sigma: Double,
      _ kept: Double
    ) {
      (self.mean, self.deviation, self.zoom, self.threshold) = (mean, deviation, zoom, threshold)
      (self.radius, self.sigma, self.kept) = (radius, sigma, kept)
    }
  }

  /// The published parameter sets, of CIFAR, Tiny ImageNet and ImageNet.
  public static let all = [cifar, tinyImageNet, imageNet]

  /// Returns the published parameters for images of this size in pixels; `nil` if there are none.
  public init?(width: Int, height: Int) {
    guard width == height, let form = Self.all.first(where: { form in form.side == width }) else { return nil }
    self = form
  }

  private init(
    name: String, side: Int, gaussianNoise: [Double], shotNoise: [Double], impulseNoise: [Double],
    defocus: [(radius: Double, sigma: Double)], glass: [(sigma: Double, distance: Int, passes: Int)],
    motion: [(radius: Int, sigma: Double)], zoom: [(count: Int, step: Double)], snow: [Snow],
    fog: [(strength: Double, decay: Double)], brightness: [Double], contrast: [Double],
    elastic: [(amplitude: Double, sigma: Double, shift: Double)], pixelate: [Double], jpeg: [Int]
  ) {
    (self.name, self.side) = (name, side)
    (self.gaussianNoise, self.shotNoise, self.impulseNoise) = (gaussianNoise, shotNoise, impulseNoise)
    (self.defocus, self.glass, self.motion, self.zoom) = (defocus, glass, motion, zoom)
    (self.snow, self.fog, self.brightness, self.contrast) = (snow, fog, brightness, contrast)
    (self.elastic, self.pixelate, self.jpeg) = (elastic, pixelate, jpeg)
  }

  private static let cifar = CorruptionForm(
    name: "CIFAR-10-C", side: 32, gaussianNoise: [0.04, 0.06, 0.08, 0.09, 0.1], shotNoise: [500, 250, 100, 75, 50],
    impulseNoise: [0.01, 0.02, 0.03, 0.05, 0.07], defocus: [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    glass: [(0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)],
    motion: [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)],
    zoom: [(7, 0.01), (12, 0.01), (16, 0.01), (21, 0.01), (26, 0.01)],
    snow: [
      Snow(0.1, 0.2, 1, 0.6, 8, 3, 0.95), Snow(0.1, 0.2, 1, 0.5, 10, 4, 0.9), Snow(0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
      Snow(0.25, 0.3, 2.25, 0.6, 12, 6, 0.85), Snow(0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ],
    fog: [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)], brightness: [0.05, 0.1, 0.15, 0.2, 0.3],
    contrast: [0.75, 0.5, 0.4, 0.3, 0.15],
    elastic: [(0, 0, 2.56), (1.6, 6.4, 2.24), (2.56, 1.92, 1.92), (3.2, 1.28, 1.6), (3.2, 0.96, 0.96)],
    pixelate: [0.95, 0.9, 0.85, 0.75, 0.65], jpeg: [80, 65, 58, 50, 40])

  private static let tinyImageNet = CorruptionForm(
    name: "Tiny ImageNet-C", side: 64, gaussianNoise: [0.04, 0.08, 0.12, 0.15, 0.18],
    shotNoise: [250, 100, 50, 30, 15], impulseNoise: [0.01, 0.02, 0.05, 0.08, 0.14],
    defocus: [(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
    glass: [(0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2)],
    motion: [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)],
    zoom: [(7, 0.01), (12, 0.01), (16, 0.01), (21, 0.01), (26, 0.01)],
    snow: [
      Snow(0.1, 0.2, 1, 0.6, 8, 3, 0.8), Snow(0.1, 0.2, 1, 0.5, 10, 4, 0.8), Snow(0.15, 0.3, 1.75, 0.55, 10, 4, 0.7),
      Snow(0.25, 0.3, 2.25, 0.6, 12, 6, 0.65), Snow(0.3, 0.3, 1.25, 0.65, 14, 12, 0.6),
    ],
    fog: [(0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)], brightness: [0.1, 0.2, 0.3, 0.4, 0.5],
    contrast: [0.4, 0.3, 0.2, 0.1, 0.05],
    elastic: [(0, 0, 5.12), (3.2, 19.2, 3.84), (6.4, 5.12, 3.84), (6.4, 1.92, 1.92), (10.24, 1.92, 1.28)],
    pixelate: [0.9, 0.8, 0.7, 0.6, 0.5], jpeg: [65, 58, 50, 40, 25])

  // The lengths of `elastic` are shares of 244, as in the script.
  private static let imageNet = CorruptionForm(
    name: "ImageNet-C", side: 224, gaussianNoise: [0.08, 0.12, 0.18, 0.26, 0.38], shotNoise: [60, 25, 12, 5, 3],
    impulseNoise: [0.03, 0.06, 0.09, 0.17, 0.27], defocus: [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
    glass: [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)],
    motion: [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
    zoom: [(12, 0.01), (16, 0.01), (11, 0.02), (13, 0.02), (11, 0.03)],
    snow: [
      Snow(0.1, 0.3, 3, 0.5, 10, 4, 0.8), Snow(0.2, 0.3, 2, 0.5, 12, 4, 0.7), Snow(0.55, 0.3, 4, 0.9, 12, 8, 0.7),
      Snow(0.55, 0.3, 4.5, 0.85, 12, 8, 0.65), Snow(0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ],
    fog: [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)], brightness: [0.1, 0.2, 0.3, 0.4, 0.5],
    contrast: [0.4, 0.3, 0.2, 0.1, 0.05],
    elastic: [(488, 170.8, 24.4), (488, 19.52, 48.8), (12.2, 2.44, 4.88), (17.08, 2.44, 4.88), (29.28, 2.44, 4.88)],
    pixelate: [0.6, 0.5, 0.4, 0.3, 0.25], jpeg: [25, 18, 15, 10, 7])
}
