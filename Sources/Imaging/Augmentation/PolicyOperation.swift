/// An operation of AutoAugment's policies and of RandAugment.
enum PolicyOperation: Sendable {
  case autoContrast, equalize, invert, rotate, posterize, solarize, color, contrast, brightness, sharpness, shearX,
    shearY,
    translateX, translateY, cutout, solarizeAdd
}
