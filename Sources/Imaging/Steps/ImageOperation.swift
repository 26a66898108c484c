import Glibc
import KeyedRandomness

/// One of AutoAugment's operations, or another simple one, by a random amount.
struct ImageOperation: AugmentationStep {
  /// What is done, by its name.
  enum Kind: String, Sendable, CaseIterable {
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
  }

  let kind: Kind
  var amount: RandomRange
  var fill = 0
  var probability = 1.0

  init(_ kind: Kind) {
    self.kind = kind
    amount = Self.amounts[kind]?.standard ?? RandomRange(0, 0)
    probability = kind == .grayscale ? 0.2 : 1
  }

  var name: String { kind.rawValue }
  var withDefaults: ImageOperation { ImageOperation(kind) }

  /// The parameter that says how much, of the operations that have one.
  private static let amounts:
    [Kind: (name: String, standard: RandomRange, allowed: ClosedRange<Double>, meaning: String)] = [
      .shearX: ("factor", RandomRange(-0.3, 0.3), -2...2, "a pixel comes from factor · y further right"),
      .shearY: ("factor", RandomRange(-0.3, 0.3), -2...2, "a pixel comes from factor · x further down"),
      .translateX: ("share", RandomRange(-0.45, 0.45), -1...1, "how far to the right, in widths"),
      .translateY: ("share", RandomRange(-0.45, 0.45), -1...1, "how far down, in heights"),
      .rotate: ("degrees", RandomRange(-30, 30), -360...360, "how far anticlockwise"),
      .posterize: ("bits", RandomRange(4, 8), 0...8, "how many are kept, rounded to a whole number"),
      .solarize: ("threshold", RandomRange(128, 128), 0...256, "the first level that is inverted"),
      .solarizeAdd: ("addition", RandomRange(0, 110), -255...255, "what is added to levels below 128"),
      .brightness: ("factor", RandomRange(0.1, 1.9), 0...10, "0 is black, 1 the image"),
      .contrast: ("factor", RandomRange(0.1, 1.9), 0...10, "0 is the mean luminance, 1 the image"),
      .color: ("factor", RandomRange(0.1, 1.9), 0...10, "0 is gray, 1 the image"),
      .sharpness: ("factor", RandomRange(0.1, 1.9), 0...10, "0 is smoothed, 1 the image"),
      .hue: ("turn", RandomRange(-0.1, 0.1), -0.5...0.5, "how far hues move, in turns"),
      .cutout: ("side", RandomRange(16, 16), 0...10000, "of the square, in pixels, rounded to an even number"),
    ]

  var summary: String {
    switch kind {
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

  var parameters: [AugmentationParameter<ImageOperation>] {
    var parameters: [AugmentationParameter<ImageOperation>] = []
    if let amount = Self.amounts[kind] {
      parameters.append(.range(amount.name, \.amount, in: amount.allowed, amount.meaning))
    }
    switch kind {
    case .shearX, .shearY, .translateX, .translateY, .rotate, .cutout:
      parameters.append(.integer("fill", \.fill, in: 0...255, "the level where nothing of the image is"))
    default:
      break
    }
    return parameters + [.probability(\.probability)]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    let amount = amount.draw(&stream)
    let size = workspace.size
    let center = (x: Double(size.width) / 2, y: Double(size.height) / 2)
    func move(_ map: AffineMap) -> ImageChange { .move(map.about(x: center.x, y: center.y), fill: UInt8(fill)) }
    let change: ImageChange =
      switch kind {
      case .shearX: move(AffineMap(b: amount))
      case .shearY: move(AffineMap(d: amount))
      case .translateX: move(AffineMap(c: -amount * Double(size.width)))
      case .translateY: move(AffineMap(f: -amount * Double(size.height)))
      case .rotate: move(.rotation(anticlockwiseDegrees: amount))
      case .autoContrast: .autoContrast
      case .equalize: .equalize
      case .invert: .invert
      case .posterize: .posterize(bits: Int(amount.rounded()))
      case .solarize: .solarize(threshold: amount)
      case .solarizeAdd: .solarizeAdd(Int(amount.rounded()))
      case .brightness: .brightness(amount)
      case .contrast: .contrast(amount)
      case .color: .color(amount)
      case .sharpness: .sharpness(amount)
      case .hue: .hue(amount)
      case .grayscale: .grayscale
      case .cutout: .cutout(reach: Int((amount / 2).rounded()), in: size, fill: UInt8(fill), &stream)
      }
    change.apply(to: workspace)
  }
}

extension ImageChange {
  /// A filled square that reaches `reach` pixels from a random one, each equally likely.
  static func cutout(reach: Int, in size: ImageSize, fill: UInt8, _ stream: inout RandomStream) -> ImageChange {
    let row = stream.nextInteger(below: size.height)
    let column = stream.nextInteger(below: size.width)
    return cutout(around: row, column, reach: reach, in: size, fill: fill)
  }
}

extension AffineMap {
  /// Turns the image about the origin, as Pillow's `Image.rotate`.
  static func rotation(anticlockwiseDegrees degrees: Double) -> AffineMap {
    let radians = degrees * .pi / 180
    return AffineMap(a: cos(radians), b: -sin(radians), d: sin(radians), e: cos(radians))
  }
}
