import KeyedRandomness

/// The mapping of a policy's levels (0 to 10) to magnitudes of operations, which differs between published
/// implementations.
enum MagnitudeRange: String, Sendable, CaseIterable {
  /// The magnitudes of the widely used PyTorch reimplementation for CIFAR: a random magnitude between levels L and L +
  /// 1, black outside the image.
  ///
  /// Magnitudes range from negative to positive, so that levels below 5 are negative and those above are positive; the
  /// sign is not random. In that code shear-x moves columns vertically, shear-y moves rows horizontally, and shears and
  /// rotations are about a point one pixel below and right of the center. It interpolates with cubic splines, whereas
  /// nearest-neighbor interpolation is used here, as for the other codes.
  case pytorchAutoAugment = "pytorch-auto-augment"
  /// The magnitudes of the official code: a fixed magnitude per level, random sign, mid gray outside the image.
  ///
  /// Its contrast operation blends with the number of pixels divided by 256, instead of the mean luminance.
  case tensorflow
  /// The magnitudes of torchvision: a fixed magnitude per level, the largest at level 9, random sign also for
  /// brightness, color, contrast and sharpness, black outside the image.
  case torchvision

  /// The level given to pixels from outside the image.
  var fill: UInt8 { self == .tensorflow ? 128 : 0 }
}

/// The magnitudes at a policy's highest level, which differ between AutoAugment and RandAugment.
struct MagnitudeScale: Sendable, Equatable {
  /// The highest level of the policy.
  var top = 10.0
  /// Half the side of the cutout square in the official code at level 10, in pixels.
  var cutoutPixels = 100.0
  /// The translation in the official code at level 10, in pixels.
  var translationPixels = 250.0
}

extension MagnitudeRange {
  /// Applies an operation to the current image with the magnitude of a level; signs and positions are drawn from
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
    default: break
    }
    switch self {
    case .pytorchAutoAugment: applyBinned(operation, level: level, to: workspace, &stream)
    case .tensorflow: applyOfficial(operation, share: level / scale.top, scale, to: workspace, &stream)
    case .torchvision: applyTorchvision(operation, share: level / scale.top, to: workspace, &stream)
    }
  }

  private func applyBinned(
    _ operation: ImageOperation, level: Double, to workspace: AugmentationWorkspace, _ stream: inout RandomStream
  ) {
    let (width, height) = (Double(workspace.size.width), Double(workspace.size.height))
    let share = (level + Double(stream.nextUniform())) / 10
    func magnitude(_ least: Double, _ most: Double) -> Double { least + (most - least) * share }
    func move(_ map: AffineMap) { workspace.move(map.about(x: width / 2 + 1, y: height / 2 + 1), fill: fill) }
    switch operation {
    case .shearX: move(AffineMap(d: magnitude(-0.3, 0.3)))
    case .shearY: move(AffineMap(b: magnitude(-0.3, 0.3)))
    case .translateX: move(AffineMap(c: width * magnitude(-150.0 / 331, 150.0 / 331)))
    case .translateY: move(AffineMap(f: height * magnitude(-150.0 / 331, 150.0 / 331)))
    case .rotate: move(.rotation(counterclockwiseDegrees: -magnitude(-30, 30)))
    case .posterize: workspace.posterize(bits: Int(magnitude(4, 8).rounded(.toNearestOrEven)))
    case .solarize: workspace.solarize(threshold: magnitude(0, 256))
    default: blend(operation, by: magnitude(0.1, 1.9), workspace)
    }
  }

  private func applyOfficial(
    _ operation: ImageOperation, share: Double, _ scale: MagnitudeScale, to workspace: AugmentationWorkspace,
    _ stream: inout RandomStream
  ) {
    let size = workspace.size
    func signed(_ most: Double) -> Double { stream.nextEvent(probability: 0.5) ? most * share : -most * share }
    func move(_ map: AffineMap) { workspace.move(map, fill: fill) }
    switch operation {
    // About the center of the top left pixel.
    case .shearX: move(AffineMap(b: signed(0.3)).about(x: 0.5, y: 0.5))
    case .shearY: move(AffineMap(d: signed(0.3)).about(x: 0.5, y: 0.5))
    case .translateX: move(AffineMap(c: signed(scale.translationPixels)))
    case .translateY: move(AffineMap(f: signed(scale.translationPixels)))
    case .rotate: move(.rotation(counterclockwiseDegrees: signed(30), aboutCenterOf: size))
    case .posterize: workspace.posterize(bits: Int(4 * share))
    case .solarize: workspace.solarize(threshold: Double(Int(256 * share)))
    case .solarizeAdd: workspace.addToDarkLevels(Int(110 * share))
    case .contrast: workspace.changeContrast(by: 0.1 + 1.8 * share, base: UInt8(min(size.pixelCount / 256, 255)))
    case .cutout: workspace.cutOut(reach: Int(scale.cutoutPixels * share), fill: fill, &stream)
    default: blend(operation, by: 0.1 + 1.8 * share, workspace)
    }
  }

  private func applyTorchvision(
    _ operation: ImageOperation, share: Double, to workspace: AugmentationWorkspace, _ stream: inout RandomStream
  ) {
    let size = workspace.size
    func signed(_ most: Double) -> Double { stream.nextEvent(probability: 0.5) ? most * share : -most * share }
    func pixels(_ extent: Int) -> Double { signed(150.0 / 331 * Double(extent)).rounded(.towardZero) }
    func move(_ map: AffineMap) { workspace.move(map, fill: fill) }
    switch operation {
    // About the corner of the image.
    case .shearX: move(AffineMap(b: signed(0.3)))
    case .shearY: move(AffineMap(d: signed(0.3)))
    case .translateX: move(AffineMap(c: -pixels(size.width)))
    case .translateY: move(AffineMap(f: -pixels(size.height)))
    case .rotate: move(.rotation(counterclockwiseDegrees: signed(30), aboutCenterOf: size))
    case .posterize: workspace.posterize(bits: 8 - Int((4 * share).rounded(.toNearestOrEven)))
    case .solarize: workspace.solarize(threshold: 255 - 255 * share)
    case .brightness, .contrast, .color, .sharpness: blend(operation, by: 1 + signed(0.9), workspace)
    // torchvision's policies contain no other operation.
    default: break
    }
  }

  /// Applies brightness, contrast, color or sharpness, which blend the image with a simpler one; does nothing for any
  /// other operation.
  private func blend(_ operation: ImageOperation, by factor: Double, _ workspace: AugmentationWorkspace) {
    switch operation {
    case .brightness: workspace.changeBrightness(by: factor)
    case .contrast: workspace.changeContrast(by: factor)
    case .color: workspace.changeColor(by: factor)
    case .sharpness: workspace.sharpen(by: Float(factor))
    default: break
    }
  }
}
