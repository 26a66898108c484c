/// A white picture to draw others on.
public struct Canvas {
  /// What was drawn.
  public private(set) var image: RGBImage

  /// A white picture.
  public init(width: Int, height: Int) {
    image = RGBImage(width: width, height: height, samples: Array(repeating: 255, count: width * height * 3))
  }

  /// Draws a picture, each of its pixels as a square of `scale` × `scale`.
  ///
  /// - Precondition: It lies inside the canvas.
  public mutating func draw(_ picture: RGBImage, scale: Int = 1, left: Int, top: Int) {
    for row in 0..<picture.height * scale {
      for column in 0..<picture.width * scale {
        let source = 3 * (row / scale * picture.width + column / scale)
        let target = 3 * ((top + row) * image.width + left + column)
        for channel in 0..<3 {
          image.samples[target + channel] = picture.samples[source + channel]
        }
      }
    }
  }
}
