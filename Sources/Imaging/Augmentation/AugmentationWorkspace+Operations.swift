import Kernels
import KeyedRandomness

/// Operations of AutoAugment and RandAugment on the current image's 8-bit values, with Pillow's arithmetic and
/// rounding.
extension AugmentationWorkspace {
  /// Multiplies all values by `factor`: 0 gives black, 1 changes nothing.
  func changeBrightness(by factor: Double) {
    unsafe kernels.pointee.image_blend_constant(levelsInPlace, levelCount, 0, Float(factor))
  }

  /// Blends the image with a uniform gray, `gray + factor · (value − gray)`: 0 gives the gray, 1 changes nothing.
  ///
  /// The gray is the image's rounded mean luminance, or `base`.
  func changeContrast(by factor: Double, base: UInt8? = nil) {
    let levels = unsafe levelsInPlace
    let sum = unsafe base == nil ? kernels.pointee.image_luminance_sum(levels, pixelCount) : 0
    let base = base ?? UInt8(Double(sum) / Double(pixelCount) + 0.5)
    unsafe kernels.pointee.image_blend_constant(levels, levelCount, base, Float(factor))
  }

  /// Blends each pixel with its luminance, `luminance + factor · (value − luminance)`: 0 gives gray, 1 changes nothing.
  func changeColor(by factor: Double) {
    unsafe kernels.pointee.image_blend_luminance(levelsInPlace, pixelCount, Float(factor))
  }

  /// Rotates the hue by a fraction of a full turn, in steps of 1/255 on Pillow's hue circle of 256 values.
  func shiftHue(byTurn turn: Double) {
    unsafe kernels.pointee.image_shift_hue(levelsInPlace, pixelCount, UInt8(truncatingIfNeeded: Int(turn * 255)))
  }

  /// Replaces each pixel of the current image by its luminance.
  func removeColor() {
    unsafe kernels.pointee.image_grayscale(levelsInPlace, pixelCount)
  }

  /// Inverts all values of the current image.
  func invert() {
    unsafe kernels.pointee.image_solarize(levelsInPlace, levelCount, 0)
  }

  /// Stretches the values of each channel to the full range (Pillow's `autocontrast`).
  func stretchContrast() {
    unsafe kernels.pointee.image_stretch(levelsInPlace, pixelCount)
  }

  /// Equalizes the histogram of each channel.
  func equalize() {
    unsafe kernels.pointee.image_equalize(levelsInPlace, pixelCount)
  }

  /// Keeps the highest `bits` bits of each value and clears the others.
  func posterize(bits: Int) {
    unsafe kernels.pointee.image_posterize(levelsInPlace, levelCount, UInt8(truncatingIfNeeded: 0xff << (8 - bits)))
  }

  /// Inverts all values that are at least the threshold.
  func solarize(threshold: Double) {
    unsafe kernels.pointee.image_solarize(levelsInPlace, levelCount, Int32(threshold.rounded(.up)))
  }

  /// Adds a number to all values below 128 of the current image (AutoAugment's SolarizeAdd).
  func addToDarkLevels(_ addition: Int) {
    unsafe kernels.pointee.image_solarize_add(levelsInPlace, levelCount, Int32(addition), 128)
  }

  /// Fills a square around a random pixel of the image, drawn uniformly.
  ///
  /// The square extends `reach` pixels up and left of the pixel and `reach` − 1 pixels down and right, clipped at the
  /// image's borders.
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
