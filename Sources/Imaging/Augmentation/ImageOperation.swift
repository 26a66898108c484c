/// An operation on an image's 8-bit values; the raw value is its name in an augmentation's text.
///
/// These are the operations of AutoAugment and RandAugment, and a few more. An operation has at most one magnitude,
/// which is drawn uniformly from a range (``RandomOperation``) or computed from a policy's level
/// (``MagnitudeConvention``).
enum ImageOperation: String, Sendable, CaseIterable {
  case shearX = "shear-x"
  case shearY = "shear-y"
  case translateX = "translate-x"
  case translateY = "translate-y"
  case rotate
  case autoContrast = "auto-contrast"
  case equalize
  case invert
  case posterize
  case solarize
  case solarizeAdd = "solarize-add"
  case brightness
  case contrast
  case color
  case sharpness
  case hue
  case grayscale
  case cutout

  /// The description of the operation in the help text.
  var summary: String {
    switch self {
    case .shearX: "shears sideways about the center"
    case .shearY: "shears upright about the center"
    case .translateX: "moves sideways"
    case .translateY: "moves up or down"
    case .rotate: "turns about the center"
    case .autoContrast: "stretches each channel to all levels"
    case .equalize: "makes the histogram of each channel even"
    case .invert: "makes negatives"
    case .posterize: "keeps the uppermost bits of each level"
    case .solarize: "inverts the levels from a threshold on"
    case .solarizeAdd: "adds to the levels below 128"
    case .brightness: "blends with black"
    case .contrast: "blends with the mean luminance"
    case .color: "blends with the grayscale image"
    case .sharpness: "blends with the smoothed image"
    case .hue: "moves hues"
    case .grayscale: "takes the color away"
    case .cutout: "fills a square around a random pixel"
    }
  }

  /// The description of the operation's magnitude; `nil` for operations without one.
  var magnitude: Magnitude? {
    switch self {
    case .shearX: Magnitude("factor", RandomRange(-0.3, 0.3), in: -2...2, "a pixel comes from factor · y further right")
    case .shearY: Magnitude("factor", RandomRange(-0.3, 0.3), in: -2...2, "a pixel comes from factor · x further down")
    case .translateX: Magnitude("share", RandomRange(-0.45, 0.45), in: -1...1, "how far to the right, in widths")
    case .translateY: Magnitude("share", RandomRange(-0.45, 0.45), in: -1...1, "how far down, in heights")
    case .rotate: Magnitude("degrees", RandomRange(-30, 30), in: -360...360, "how far counterclockwise")
    case .posterize: Magnitude("bits", RandomRange(4, 8), in: 0...8, "how many are kept, rounded to a whole number")
    case .solarize: Magnitude("threshold", RandomRange(128, 128), in: 0...256, "the first level that is inverted")
    case .solarizeAdd: Magnitude("addition", RandomRange(0, 110), in: -255...255, "what is added to levels below 128")
    case .brightness: Magnitude("factor", RandomRange(0.1, 1.9), in: 0...10, "0 is black, 1 the image")
    case .contrast: Magnitude("factor", RandomRange(0.1, 1.9), in: 0...10, "0 is the mean luminance, 1 the image")
    case .color: Magnitude("factor", RandomRange(0.1, 1.9), in: 0...10, "0 is gray, 1 the image")
    case .sharpness: Magnitude("factor", RandomRange(0.1, 1.9), in: 0...10, "0 is smoothed, 1 the image")
    case .hue: Magnitude("turn", RandomRange(-0.1, 0.1), in: -0.5...0.5, "how far hues move, in turns")
    case .cutout:
      Magnitude("side", RandomRange(16, 16), in: 0...10000, "of the square, in pixels, rounded to an even number")
    case .autoContrast, .equalize, .invert, .grayscale: nil
    }
  }

  /// The name, default, bounds and meaning of an operation's magnitude.
  struct Magnitude: Sendable {
    let name: String
    let standard: RandomRange
    let allowed: ClosedRange<Double>
    let meaning: String

    init(_ name: String, _ standard: RandomRange, in allowed: ClosedRange<Double>, _ meaning: String) {
      (self.name, self.standard, self.allowed, self.meaning) = (name, standard, allowed, meaning)
    }
  }

  /// True if the operation can bring in pixels from outside the image, which get a fill value.
  var fills: Bool {
    switch self {
    case .shearX, .shearY, .translateX, .translateY, .rotate, .cutout: true
    case .autoContrast, .equalize, .invert, .posterize, .solarize, .solarizeAdd, .brightness, .contrast, .color,
      .sharpness, .hue, .grayscale:
      false
    }
  }
}
