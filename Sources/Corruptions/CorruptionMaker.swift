import ImageCodecs
import KeyedRandomness

/// A corruption at one severity, for images of one size.
///
/// The random draws depend only on corruption, severity and the image's index in its dataset, so that every run, rank
/// and thread makes the same pixels.
public struct CorruptionMaker: Sendable {
  /// The kind of corruption.
  public let corruption: Corruption
  /// The severity, from 0 (weakest) to 4; the published datasets number it from 1 to 5.
  public let severity: Int
  /// The corruption parameters for images of this size.
  public let form: CorruptionForm

  private let method: @Sendable (RGBImage, inout RandomStream) throws(ImageError) -> RGBImage

  /// Creates a corruption at one severity, from 0 (weakest) to 4.
  public init(_ corruption: Corruption, severity: Int, _ form: CorruptionForm) {
    precondition((0..<Corruption.severityCount).contains(severity), "severity \(severity) from 0 to 4")
    (self.corruption, self.severity, self.form) = (corruption, severity, form)
    method = Self.method(corruption, severity, form)
  }

  /// Corrupts an image; callable from any thread.
  ///
  /// - Parameters:
  ///   - image: An image of the form's size.
  ///   - number: The image's index in its dataset, part of the key of the random draws.
  /// - Returns: The corrupted image, of the same size.
  /// - Throws: ``ImageError`` if the image cannot be encoded as JPEG.
  public func corrupted(_ image: RGBImage, number: Int) throws(ImageError) -> RGBImage {
    precondition(
      image.width == form.side && image.height == form.side,
      "an image of \(image.width)×\(image.height) for corruptions of \(form.side)×\(form.side)")
    var stream = RandomStream(seed: 0, .corruption, epoch: severity, sample: number, view: corruption.place)
    return try method(image, &stream)
  }

  private typealias Method = @Sendable (RGBImage, inout RandomStream) throws(ImageError) -> RGBImage

  private static func method(_ corruption: Corruption, _ severity: Int, _ form: CorruptionForm) -> Method {
    switch corruption {
    case .gaussianNoise, .shotNoise, .impulseNoise: noise(corruption, severity, form)
    case .defocusBlur, .glassBlur, .motionBlur, .zoomBlur: blur(corruption, severity, form)
    case .snow, .fog, .brightness: weather(corruption, severity, form)
    case .contrast, .elasticTransform, .pixelate, .jpegCompression: digital(corruption, severity, form)
    }
  }

  private static func noise(_ corruption: Corruption, _ severity: Int, _ form: CorruptionForm) -> Method {
    switch corruption {
    case .gaussianNoise:
      let deviation = form.gaussianNoise[severity]
      return { image, stream in Noise.gaussian(image, deviation: deviation, &stream) }
    case .shotNoise:
      let photons = form.shotNoise[severity]
      let table = PoissonTable(full: photons)
      return { image, stream in Noise.shot(image, photons: photons, table, &stream) }
    default:
      let share = form.impulseNoise[severity]
      return { image, stream in Noise.impulse(image, share: share, &stream) }
    }
  }

  private static func blur(_ corruption: Corruption, _ severity: Int, _ form: CorruptionForm) -> Method {
    switch corruption {
    case .defocusBlur:
      let taps = Filters.disk(radius: form.defocus[severity].radius, sigma: form.defocus[severity].sigma)
      return { image, _ in Blurs.defocus(image, taps) }
    case .glassBlur:
      let (sigma, distance, passes) = form.glass[severity]
      return { image, stream in Blurs.glass(image, sigma: sigma, distance: distance, passes: passes, &stream) }
    case .motionBlur:
      let (radius, sigma) = form.motion[severity]
      return { image, stream in Blurs.motion(image, radius: radius, sigma: sigma, &stream) }
    default:
      let (count, step) = form.zoom[severity]
      return { image, _ in Blurs.zoom(image, count: count, step: step) }
    }
  }

  private static func weather(_ corruption: Corruption, _ severity: Int, _ form: CorruptionForm) -> Method {
    switch corruption {
    case .snow:
      let snow = form.snow[severity]
      return { image, stream in Weather.snow(image, snow, &stream) }
    case .fog:
      let (strength, decay) = form.fog[severity]
      return { image, stream in Weather.fog(image, strength: strength, decay: decay, &stream) }
    default:
      let amount = form.brightness[severity]
      return { image, _ in Weather.brightness(image, adding: amount) }
    }
  }

  private static func digital(_ corruption: Corruption, _ severity: Int, _ form: CorruptionForm) -> Method {
    switch corruption {
    case .contrast:
      let factor = form.contrast[severity]
      return { image, _ in Digital.contrast(image, factor: factor) }
    case .elasticTransform:
      let (amplitude, sigma, shift) = form.elastic[severity]
      return { image, stream in Digital.elastic(image, amplitude: amplitude, sigma: sigma, shift: shift, &stream) }
    case .pixelate:
      let side = Int(Double(form.side) * form.pixelate[severity])
      return { image, _ in Digital.pixelate(image, side: side) }
    default:
      let quality = form.jpeg[severity]
      return { (image, _) throws(ImageError) in try Digital.jpeg(image, quality: quality) }
    }
  }
}
