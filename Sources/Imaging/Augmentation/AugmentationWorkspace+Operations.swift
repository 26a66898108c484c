import Kernels
import KeyedRandomness

/// The operations of policies on the current image, in Pillow's arithmetic and rounding.
extension AugmentationWorkspace {
  /// Blends with black; factor 1 changes nothing.
  func changeBrightness(by factor: Double) {
    unsafe kernels.pointee.image_blend_constant(levelsInPlace, levelCount, 0, Float(factor))
  }

  /// Blends with the mean luminance, rounded to a level, or with a given level.
  func changeContrast(by factor: Double, base: UInt8? = nil) {
    let levels = unsafe levelsInPlace
    let sum = unsafe base == nil ? kernels.pointee.image_luminance_sum(levels, pixelCount) : 0
    let base = base ?? UInt8(Double(sum) / Double(pixelCount) + 0.5)
    unsafe kernels.pointee.image_blend_constant(levels, levelCount, base, Float(factor))
  }

  /// Blends each pixel with its luminance.
  func changeColor(by factor: Double) {
    unsafe kernels.pointee.image_blend_luminance(levelsInPlace, pixelCount, Float(factor))
  }

  /// Moves hues by a part of a turn, in steps of 1/255 on a circle of 256.
  func shiftHue(byTurn turn: Double) {
    unsafe kernels.pointee.image_shift_hue(levelsInPlace, pixelCount, UInt8(truncatingIfNeeded: Int(turn * 255)))
  }

  /// Replaces each pixel by its luminance.
  func removeColor() {
    unsafe kernels.pointee.image_grayscale(levelsInPlace, pixelCount)
  }

  /// Makes the negative.
  func invert() {
    unsafe kernels.pointee.image_solarize(levelsInPlace, levelCount, 0)
  }

  /// Stretches each channel to all levels.
  func stretchContrast() {
    unsafe kernels.pointee.image_stretch(levelsInPlace, pixelCount)
  }

  /// Makes the histogram of each channel even.
  func equalize() {
    unsafe kernels.pointee.image_equalize(levelsInPlace, pixelCount)
  }

  /// Keeps the uppermost `bits` of each level.
  func posterize(bits: Int) {
    unsafe kernels.pointee.image_posterize(levelsInPlace, levelCount, UInt8(truncatingIfNeeded: 0xff << (8 - bits)))
  }

  /// Inverts the levels from the threshold on.
  func solarize(threshold: Double) {
    unsafe kernels.pointee.image_solarize(levelsInPlace, levelCount, Int32(threshold.rounded(.up)))
  }

  /// Adds to the levels below 128.
  func addToDarkLevels(_ addition: Int) {
    unsafe kernels.pointee.image_solarize_add(levelsInPlace, levelCount, Int32(addition), 128)
  }

  /// Fills a square around a random pixel, each equally likely, that reaches `reach` pixels up and left and one less down and right.
  func cutOut(reach: Int, fill: UInt8, _ stream: inout RandomStream) {
    let row = stream.nextInteger(below: size.height)
    let column = stream.nextInteger(below: size.width)
    let top = max(row - reach, 0)
    let left = max(column - reach, 0)
    self.fill(
      top: top, left: left, height: min(row + reach, size.height) - top,
      width: min(column + reach, size.width) - left, with: fill)
  }
}
