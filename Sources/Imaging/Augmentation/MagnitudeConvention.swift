import KeyedRandomness

/// The convention by which a published implementation maps a policy's levels (0 to 10) to magnitudes of operations.
enum MagnitudeConvention: String, Sendable, CaseIterable {
  /// The magnitudes of the widely used PyTorch reimplementation for CIFAR: a random magnitude between levels L and L +
  /// 1, black outside the image.
  ///
  /// Magnitudes range from negative to positive, so that levels below 5 are negative and those above are positive; the
  /// sign is not random. In that code shear-x moves columns vertically, shear-y moves rows horizontally, and shears and
  /// rotations are about a point one pixel below and right of the center. It interpolates with cubic splines, whereas
  /// nearest-neighbor interpolation is used here, as for the other codes.
  case pytorchAutoAugment = "pytorch-auto-augment"
  /// The magnitudes of the official TensorFlow code: a fixed magnitude per level, random sign, mid gray outside the
  /// image.
  ///
  /// Its contrast operation blends with the number of pixels divided by 256, instead of the mean luminance.
  case tensorflow
  /// The magnitudes of torchvision: a fixed magnitude per level, the largest at level 9, random sign also for
  /// brightness, color, contrast and sharpness, black outside the image.
  case torchvision

  /// The 8-bit fill value of pixels from outside the image.
  var fill: UInt8 { self == .tensorflow ? 128 : 0 }
}

/// The magnitudes at a policy's highest level, which differ between AutoAugment and RandAugment.
struct MagnitudeScale: Sendable, Equatable {
  /// The highest level of the policy.
  var top = 10.0
  /// Half the side of the cutout square at level 10 in the official TensorFlow code, in pixels.
  var cutoutPixels = 100.0
  /// The translation at level 10 in the official TensorFlow code, in pixels.
  var translationPixels = 250.0
}

extension MagnitudeConvention {
  // Every switch over operations lists all of them, so that the compiler names those that a new operation needs.

  /// Applies an operation to the current image with the magnitude for a level; signs and positions are drawn from
  /// `stream`.
  func apply(
    _ operation: ImageOperation, level: Double, _ scale: MagnitudeScale, to workspace: AugmentationWorkspace,
    _ stream: inout RandomStream
  ) {
    switch operation {
    // These have no magnitude and need no random numbers.
    case .autoContrast: return workspace.stretchContrast()
    case .equalize: return workspace.equalize()
    case .invert: return workspace.invert()
    case .grayscale: return workspace.removeColor()
    case .shearX, .shearY, .translateX, .translateY, .rotate, .posterize, .solarize, .solarizeAdd, .brightness,
      .contrast, .color, .sharpness, .hue, .cutout:
      break
    }
    switch self {
    case .pytorchAutoAugment: applyBinned(operation, level: level, to: workspace, &stream)
    case .tensorflow: applyOfficial(operation, levelFraction: level / scale.top, scale, to: workspace, &stream)
    case .torchvision: applyTorchvision(operation, levelFraction: level / scale.top, to: workspace, &stream)
    }
  }

  private func applyBinned(
    _ operation: ImageOperation, level: Double, to workspace: AugmentationWorkspace, _ stream: inout RandomStream
  ) {
    let (width, height) = (Double(workspace.size.width), Double(workspace.size.height))
    let levelFraction = (level + Double(stream.nextUniform())) / 10
    func magnitude(_ least: Double, _ most: Double) -> Double { least + (most - least) * levelFraction }
    func move(_ map: AffineMap) { workspace.move(map.about(x: width / 2 + 1, y: height / 2 + 1), fill: fill) }
    switch operation {
    case .shearX: move(AffineMap(d: magnitude(-0.3, 0.3)))
    case .shearY: move(AffineMap(b: magnitude(-0.3, 0.3)))
    case .translateX: move(AffineMap(c: width * magnitude(-150.0 / 331, 150.0 / 331)))
    case .translateY: move(AffineMap(f: height * magnitude(-150.0 / 331, 150.0 / 331)))
    case .rotate: move(.rotation(counterclockwiseDegrees: -magnitude(-30, 30)))
    case .posterize: workspace.posterize(bits: Int(magnitude(4, 8).rounded(.toNearestOrEven)))
    case .solarize: workspace.solarize(threshold: magnitude(0, 256))
    case .brightness: workspace.changeBrightness(by: magnitude(0.1, 1.9))
    case .contrast: workspace.changeContrast(by: magnitude(0.1, 1.9))
    case .color: workspace.changeColor(by: magnitude(0.1, 1.9))
    case .sharpness: workspace.sharpen(by: Float(magnitude(0.1, 1.9)))
    // That code has none of these, or they have no magnitude: the image stays.
    case .solarizeAdd, .hue, .cutout, .autoContrast, .equalize, .invert, .grayscale: break
    }
  }

  private func applyOfficial(
    _ operation: ImageOperation, levelFraction: Double, _ scale: MagnitudeScale, to workspace: AugmentationWorkspace,
    _ stream: inout RandomStream
  ) {
    let size = workspace.size
    let factor = 0.1 + 1.8 * levelFraction
    func signed(_ most: Double) -> Double {
      stream.nextEvent(probability: 0.5) ? most * levelFraction : -most * levelFraction
    }
    func move(_ map: AffineMap) { workspace.move(map, fill: fill) }
    switch operation {
    // About the center of the top left pixel.
    case .shearX: move(AffineMap(b: signed(0.3)).about(x: 0.5, y: 0.5))
    case .shearY: move(AffineMap(d: signed(0.3)).about(x: 0.5, y: 0.5))
    case .translateX: move(AffineMap(c: signed(scale.translationPixels)))
    case .translateY: move(AffineMap(f: signed(scale.translationPixels)))
    case .rotate: move(.rotation(counterclockwiseDegrees: signed(30), aboutCenterOf: size))
    case .posterize: workspace.posterize(bits: Int(4 * levelFraction))
    case .solarize: workspace.solarize(threshold: Double(Int(256 * levelFraction)))
    case .solarizeAdd: workspace.addToDarkLevels(Int(110 * levelFraction))
    case .brightness: workspace.changeBrightness(by: factor)
    case .contrast: workspace.changeContrast(by: factor, base: UInt8(min(size.pixelCount / 256, 255)))
    case .color: workspace.changeColor(by: factor)
    case .sharpness: workspace.sharpen(by: Float(factor))
    case .cutout: workspace.cutOut(reach: Int(scale.cutoutPixels * levelFraction), fill: fill, &stream)
    // That code has none of these, or they have no magnitude: the image stays.
    case .hue, .autoContrast, .equalize, .invert, .grayscale: break
    }
  }

  private func applyTorchvision(
    _ operation: ImageOperation, levelFraction: Double, to workspace: AugmentationWorkspace,
    _ stream: inout RandomStream
  ) {
    let size = workspace.size
    func signed(_ most: Double) -> Double {
      stream.nextEvent(probability: 0.5) ? most * levelFraction : -most * levelFraction
    }
    func pixels(_ extent: Int) -> Double { signed(150.0 / 331 * Double(extent)).rounded(.towardZero) }
    func move(_ map: AffineMap) { workspace.move(map, fill: fill) }
    switch operation {
    // About the corner of the image.
    case .shearX: move(AffineMap(b: signed(0.3)))
    case .shearY: move(AffineMap(d: signed(0.3)))
    case .translateX: move(AffineMap(c: -pixels(size.width)))
    case .translateY: move(AffineMap(f: -pixels(size.height)))
    case .rotate: move(.rotation(counterclockwiseDegrees: signed(30), aboutCenterOf: size))
    case .posterize: workspace.posterize(bits: 8 - Int((4 * levelFraction).rounded(.toNearestOrEven)))
    case .solarize: workspace.solarize(threshold: 255 - 255 * levelFraction)
    case .brightness: workspace.changeBrightness(by: 1 + signed(0.9))
    case .contrast: workspace.changeContrast(by: 1 + signed(0.9))
    case .color: workspace.changeColor(by: 1 + signed(0.9))
    case .sharpness: workspace.sharpen(by: Float(1 + signed(0.9)))
    // Not in torchvision's policies, or without a magnitude.
    case .solarizeAdd, .hue, .cutout, .autoContrast, .equalize, .invert, .grayscale: break
    }
  }
}
