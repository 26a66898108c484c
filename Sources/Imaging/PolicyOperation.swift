/// An operation of AutoAugment's policies and of RandAugment.
enum PolicyOperation: Sendable {
  case autoContrast, equalise, invert, rotate, posterise, solarise, colour, contrast, brightness, sharpness, shearX,
    shearY,
    translateX, translateY, cutout, solariseAdd
}
