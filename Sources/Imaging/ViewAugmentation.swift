import KeyedRandomness

/// How a view is made from a picture: padded crop, mirror, colour jitter, greyscale, each optional, in this order.
public struct ViewAugmentation: Sendable, Equatable {
  /// A random window of the picture's own size out of the picture with black added on all four sides.
  public struct PaddedCrop: Sendable, Equatable {
    /// How much is added on each side.
    public var paddingPixels: Int
  }

  /// Brightness, contrast and saturation, in this order, each by its own factor.
  public struct ColorJitter: Sendable, Equatable {
    /// The share of views that are changed.
    public var probability: Float
    /// Factors are uniform in 1 ± strength.
    public var strength: Float
  }

  /// The window; `nil` for the picture as it is.
  public var crop: PaddedCrop?
  /// The share of views that are mirrored left to right.
  public var mirrorProbability: Float
  /// The change of colours; `nil` for none.
  public var jitter: ColorJitter?
  /// The share of views without colour.
  public var greyscaleProbability: Float

  /// The names that ``init(named:)`` knows.
  public static let names = ["none", "crop-flip", "crop-flip-jitter"]

  /// The augmentation of this name on the command line, or `nil`.
  public init?(named name: String) {
    switch name {
    case "none": self = .none
    case "crop-flip": self = .cropFlip
    case "crop-flip-jitter": self = .cropFlipJitter
    default: return nil
    }
  }

  init(crop: PaddedCrop?, mirrorProbability: Float, jitter: ColorJitter?, greyscaleProbability: Float) {
    self.crop = crop
    self.mirrorProbability = mirrorProbability
    self.jitter = jitter
    self.greyscaleProbability = greyscaleProbability
  }

  /// The picture itself.
  public static let none = ViewAugmentation(crop: nil, mirrorProbability: 0, jitter: nil, greyscaleProbability: 0)

  /// Crop after padding by 4, mirror: the standard for CIFAR (He and others 2015, §4.2).
  public static let cropFlip = ViewAugmentation(
    crop: PaddedCrop(paddingPixels: 4), mirrorProbability: 0.5, jitter: nil, greyscaleProbability: 0)

  /// The same, then jitter of 0.4 for 80 % and greyscale for 20 % of the views, as SupContrast's preset without hue.
  public static let cropFlipJitter = ViewAugmentation(
    crop: PaddedCrop(paddingPixels: 4), mirrorProbability: 0.5, jitter: ColorJitter(probability: 0.8, strength: 0.4),
    greyscaleProbability: 0.2)

  /// Whether every view is the picture itself.
  public var isIdentity: Bool { self == .none }

  /// Makes one view of `image`.
  ///
  /// - Parameters:
  ///   - image: The picture.
  ///   - stream: The view's own random draws.
  ///   - normalization: What the view is freed of at the end.
  ///   - view: Receives the view at `[channel · channelStride + pixel · pixelStride]`.
  ///   - channelStride: The distance between the channels of a pixel.
  ///   - pixelStride: The distance between neighbouring pixels.
  public func makeView(
    of image: RGBImage, _ stream: inout RandomStream, _ normalization: ChannelNormalization,
    into view: inout MutableSpan<Float>, channelStride: Int, pixelStride: Int
  ) {
    var top = 0
    var left = 0
    if let crop {
      top = stream.nextInteger(below: 2 * crop.paddingPixels + 1) - crop.paddingPixels
      left = stream.nextInteger(below: 2 * crop.paddingPixels + 1) - crop.paddingPixels
    }
    let isMirrored = mirrorProbability > 0 && stream.nextEvent(probability: mirrorProbability)
    var pixels = PlanarImage(
      cropping: image, top: top, left: left, width: image.width, height: image.height, isMirrored: isMirrored)
    if let jitter, stream.nextEvent(probability: jitter.probability) {
      let factors = 1 - jitter.strength...1 + jitter.strength
      pixels.adjustBrightness(by: stream.nextUniform(in: factors))
      pixels.adjustContrast(by: stream.nextUniform(in: factors))
      pixels.adjustSaturation(by: stream.nextUniform(in: factors))
    }
    if greyscaleProbability > 0, stream.nextEvent(probability: greyscaleProbability) {
      pixels.makeGrey()
    }
    let count = pixels.pixelCount
    precondition(view.count == 3 * count, "a view of \(view.count) elements for \(count) pixels")
    unsafe pixels.planes.withUnsafeBufferPointer { planes in
      unsafe view.withUnsafeMutableBufferPointer { view in
        for channel in 0..<3 {
          let mean = normalization.mean[channel]
          let deviation = normalization.standardDeviation[channel]
          for pixel in 0..<count {
            unsafe view[channel * channelStride + pixel * pixelStride] =
              (planes[channel * count + pixel] - mean) / deviation
          }
        }
      }
    }
  }
}
