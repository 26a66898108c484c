import KeyedRandomness

/// What a policy's levels from 0 to 10 mean, which differs between codes.
enum MagnitudeRange: String, Sendable, CaseIterable {
  /// The independent code for CIFAR: an amount uniform between marks L and L + 1 of 11, black outside the image.
  ///
  /// Amounts run from one sign to the other, so that levels below 5 are negative and those above positive, never random. Its shear-x moves
  /// columns up and down, its shear-y rows sideways; it shears and turns about a point one pixel below and right of the center. That code
  /// interpolates with cubic splines, this one takes the nearest pixel as all others do.
  case pytorchAutoAugment = "pytorch-auto-augment"
  /// The official code: fixed amounts, random sign, mid gray outside the image.
  ///
  /// Its contrast blends not with the mean luminance but with the number of pixels divided by 256.
  case tensorflow
  /// Fixed amounts of which level 9 is the largest, random sign also of brightness, color, contrast and sharpness, black outside the
  /// image.
  case torchvision

  /// The level where nothing of the image is.
  var fill: UInt8 { self == .tensorflow ? 128 : 0 }
}

/// The largest amounts of a rule, which depend on who calls it.
struct MagnitudeScale: Sendable, Equatable {
  /// The highest level.
  var top = 10.0
  /// Half the side of the official code's square at level 10, in pixels.
  var cutoutPixels = 100.0
  /// How far the official code moves at level 10, in pixels.
  var translationPixels = 250.0
}

extension MagnitudeRange {
  /// The change that an operation of a level makes, with what is random of it drawn.
  func change(
    _ operation: PolicyOperation, level: Double, _ scale: MagnitudeScale, of size: ImageSize,
    _ stream: inout RandomStream
  ) -> ImageChange {
    switch operation {
    case .autoContrast: return .autoContrast
    case .equalize: return .equalize
    case .invert: return .invert
    default: break
    }
    switch self {
    case .pytorchAutoAugment: return binnedChange(operation, level: level, of: size, &stream)
    case .tensorflow: return officialChange(operation, share: level / scale.top, scale, of: size, &stream)
    case .torchvision: return torchvisionChange(operation, share: level / scale.top, of: size, &stream)
    }
  }

  private func binnedChange(
    _ operation: PolicyOperation, level: Double, of size: ImageSize, _ stream: inout RandomStream
  ) -> ImageChange {
    let share = (level + Double(stream.nextUniform())) / 10
    func amount(_ least: Double, _ most: Double) -> Double { least + (most - least) * share }
    func move(_ map: AffineMap) -> ImageChange {
      .move(map.about(x: Double(size.width) / 2 + 1, y: Double(size.height) / 2 + 1), fill: fill)
    }
    return switch operation {
    case .shearX: move(AffineMap(d: amount(-0.3, 0.3)))
    case .shearY: move(AffineMap(b: amount(-0.3, 0.3)))
    case .translateX: move(AffineMap(c: Double(size.width) * amount(-150.0 / 331, 150.0 / 331)))
    case .translateY: move(AffineMap(f: Double(size.height) * amount(-150.0 / 331, 150.0 / 331)))
    case .rotate: move(.rotation(anticlockwiseDegrees: -amount(-30, 30)))
    case .posterize: .posterize(bits: Int(amount(4, 8).rounded(.toNearestOrEven)))
    case .solarize: .solarize(threshold: amount(0, 256))
    case .brightness: .brightness(amount(0.1, 1.9))
    case .contrast: .contrast(amount(0.1, 1.9))
    case .color: .color(amount(0.1, 1.9))
    case .sharpness: .sharpness(amount(0.1, 1.9))
    // Its policies have none of these.
    case .cutout, .solarizeAdd, .autoContrast, .equalize, .invert: .nothing
    }
  }

  private func officialChange(
    _ operation: PolicyOperation, share: Double, _ scale: MagnitudeScale, of size: ImageSize,
    _ stream: inout RandomStream
  ) -> ImageChange {
    func signed(_ most: Double) -> Double { stream.nextEvent(probability: 0.5) ? most * share : -most * share }
    let factor = 0.1 + 1.8 * share
    return switch operation {
    // About the center of the first pixel.
    case .shearX: .move(AffineMap(b: signed(0.3)).about(x: 0.5, y: 0.5), fill: fill)
    case .shearY: .move(AffineMap(d: signed(0.3)).about(x: 0.5, y: 0.5), fill: fill)
    case .translateX: .move(AffineMap(c: signed(scale.translationPixels)), fill: fill)
    case .translateY: .move(AffineMap(f: signed(scale.translationPixels)), fill: fill)
    case .rotate: .move(.rotation(degrees: signed(30), of: size), fill: fill)
    case .posterize: .posterize(bits: Int(4 * share))
    case .solarize: .solarize(threshold: Double(Int(256 * share)))
    case .solarizeAdd: .solarizeAdd(Int(110 * share))
    case .brightness: .brightness(factor)
    case .contrast: .contrast(factor, base: UInt8(min(size.pixelCount / 256, 255)))
    case .color: .color(factor)
    case .sharpness: .sharpness(factor)
    case .cutout: .cutout(reach: Int(scale.cutoutPixels * share), in: size, fill: fill, &stream)
    case .autoContrast, .equalize, .invert: .nothing
    }
  }

  private func torchvisionChange(
    _ operation: PolicyOperation, share: Double, of size: ImageSize, _ stream: inout RandomStream
  ) -> ImageChange {
    func signed(_ most: Double) -> Double { stream.nextEvent(probability: 0.5) ? most * share : -most * share }
    func pixels(_ extent: Int) -> Double { signed(150.0 / 331 * Double(extent)).rounded(.towardZero) }
    return switch operation {
    // About the corner.
    case .shearX: .move(AffineMap(b: signed(0.3)), fill: fill)
    case .shearY: .move(AffineMap(d: signed(0.3)), fill: fill)
    case .translateX: .move(AffineMap(c: -pixels(size.width)), fill: fill)
    case .translateY: .move(AffineMap(f: -pixels(size.height)), fill: fill)
    case .rotate: .move(.rotation(degrees: signed(30), of: size), fill: fill)
    case .posterize: .posterize(bits: 8 - Int((4 * share).rounded(.toNearestOrEven)))
    case .solarize: .solarize(threshold: 255 - 255 * share)
    case .brightness: .brightness(1 + signed(0.9))
    case .contrast: .contrast(1 + signed(0.9))
    case .color: .color(1 + signed(0.9))
    case .sharpness: .sharpness(1 + signed(0.9))
    case .cutout, .solarizeAdd, .autoContrast, .equalize, .invert: .nothing
    }
  }
}

extension AffineMap {
  /// Turns an image anticlockwise about its center.
  fileprivate static func rotation(degrees: Double, of size: ImageSize) -> AffineMap {
    rotation(anticlockwiseDegrees: degrees).about(x: Double(size.width) / 2, y: Double(size.height) / 2)
  }
}
