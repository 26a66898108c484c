extension RGBImage {
  /// The picture with this shorter side, made smaller with all its pixels weighted in (antialiased bilinear), never larger.
  public func resizedShorterSide(_ side: Int) -> RGBImage {
    let size = size.withShorterSide(side)
    guard size != self.size else { return self }
    let narrow = Self.resized(samples, count: height, length: width, stride: 3, step: width * 3, to: size.width)
    let samples = Self.resized(narrow, count: size.width, length: height, stride: size.width * 3, step: 3, to: size.height)
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  /// Resizes along one axis: `count` lines that begin `step` apart, of `length` pixels that are `stride` apart.
  private static func resized(
    _ samples: [UInt8], count: Int, length: Int, stride: Int, step: Int, to target: Int
  ) -> [UInt8] {
    guard target != length else { return samples }
    let scale = Double(length) / Double(target)
    let isAlongRows = stride == 3
    let (targetStride, targetStep) = isAlongRows ? (3, target * 3) : (stride, 3)
    var resized = [UInt8](repeating: 0, count: count * target * 3)
    for position in 0..<target {
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int((center - scale + 0.5).rounded(.down)))
      let last = min(length, Int((center + scale + 0.5).rounded(.down)))
      let weights = (first..<last).map { pixel in max(0, 1 - abs(Double(pixel) + 0.5 - center) / scale) }
      let total = weights.reduce(0, +)
      for line in 0..<count {
        for channel in 0..<3 {
          var sum = 0.0
          for (offset, weight) in weights.enumerated() {
            sum += weight * Double(samples[line * step + (first + offset) * stride + channel])
          }
          resized[line * targetStep + position * targetStride + channel] = UInt8(min(max(sum / total + 0.5, 0), 255))
        }
      }
    }
    return resized
  }
}

extension ImageSize {
  /// This size shrunk in proportion until the shorter side has so many pixels; a smaller one as it is.
  public func withShorterSide(_ side: Int) -> ImageSize {
    let shorter = min(width, height)
    guard shorter > side else { return self }
    func scaled(_ length: Int) -> Int { (length * side + shorter / 2) / shorter }
    return ImageSize(width: scaled(width), height: scaled(height))
  }
}
