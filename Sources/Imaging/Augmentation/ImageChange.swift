import Kernels

/// One change of an image with everything decided, in Pillow's arithmetic and rounding.
enum ImageChange: Sendable, Equatable {
  case nothing
  /// Blends with black; factor 1 changes nothing.
  case brightness(Double)
  /// Blends with the mean luminance, rounded to a level, or with a given level.
  case contrast(Double, base: UInt8? = nil)
  /// Blends each pixel with its luminance.
  case color(Double)
  /// Blends with the image smoothed.
  case sharpness(Double)
  /// Moves hues by a part of a turn, in steps of 1/255 on a circle of 256.
  case hue(Double)
  case grayscale
  case invert
  /// Stretches each channel to all levels.
  case autoContrast
  /// Evens out the histogram of each channel.
  case equalize
  /// Keeps the uppermost bits.
  case posterize(bits: Int)
  /// Inverts levels from the threshold on.
  case solarize(threshold: Double)
  /// Adds to levels below 128.
  case solarizeAdd(Int)
  /// Moves pixels, each to the nearest one.
  case move(AffineMap, fill: UInt8)
  /// Fills a rectangle.
  case cutout(top: Int, left: Int, height: Int, width: Int, fill: UInt8)

  func apply(to workspace: AugmentationWorkspace) {
    let kernels = unsafe workspace.kernels
    let count = workspace.pixelCount
    switch self {
    case .nothing:
      break
    case .brightness(let factor):
      unsafe kernels.pointee.image_blend_constant(workspace.levelsInPlace, 3 * count, 0, Float(factor))
    case .contrast(let factor, let base):
      let levels = unsafe workspace.levelsInPlace
      let sum = unsafe base == nil ? kernels.pointee.image_luminance_sum(levels, count) : 0
      let base = base ?? UInt8(Double(sum) / Double(count) + 0.5)
      unsafe kernels.pointee.image_blend_constant(levels, 3 * count, base, Float(factor))
    case .color(let factor):
      unsafe kernels.pointee.image_blend_luminance(workspace.levelsInPlace, count, Float(factor))
    case .sharpness(let factor):
      workspace.sharpen(by: Float(factor))
    case .hue(let turn):
      let shift = UInt8(truncatingIfNeeded: Int(turn * 255))
      unsafe kernels.pointee.image_shift_hue(workspace.levelsInPlace, count, shift)
    case .grayscale:
      unsafe kernels.pointee.image_grayscale(workspace.levelsInPlace, count)
    case .invert:
      unsafe kernels.pointee.image_solarize(workspace.levelsInPlace, 3 * count, 0)
    case .autoContrast:
      unsafe kernels.pointee.image_stretch(workspace.levelsInPlace, count)
    case .equalize:
      unsafe kernels.pointee.image_equalize(workspace.levelsInPlace, count)
    case .posterize(let bits):
      unsafe kernels.pointee.image_posterize(
        workspace.levelsInPlace, 3 * count, UInt8(truncatingIfNeeded: 0xff << (8 - bits)))
    case .solarize(let threshold):
      unsafe kernels.pointee.image_solarize(workspace.levelsInPlace, 3 * count, Int32(threshold.rounded(.up)))
    case .solarizeAdd(let addition):
      unsafe kernels.pointee.image_solarize_add(workspace.levelsInPlace, 3 * count, Int32(addition), 128)
    case .move(let map, let fill):
      workspace.move(map, fill: fill)
    case .cutout(let top, let left, let height, let width, let fill):
      workspace.fill(top: top, left: left, height: height, width: width, with: fill)
    }
  }

  /// A filled square around a pixel, drawn by the caller, that reaches `reach` pixels up and left and one less down and right.
  static func cutout(around row: Int, _ column: Int, reach: Int, in size: ImageSize, fill: UInt8) -> ImageChange {
    let top = max(row - reach, 0)
    let left = max(column - reach, 0)
    return .cutout(
      top: top, left: left, height: min(row + reach, size.height) - top, width: min(column + reach, size.width) - left,
      fill: fill)
  }
}
