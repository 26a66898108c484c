import ImageCodecs

/// A white image onto which other images are drawn.
public struct Canvas {
  /// The image drawn so far.
  public private(set) var image: RGBImage

  /// Creates a white canvas.
  public init(width: Int, height: Int) {
    image = RGBImage(width: width, height: height, samples: Array(repeating: 255, count: width * height * 3))
  }

  /// Draws an image onto the canvas, with each pixel enlarged to a square of `scale` × `scale` pixels.
  ///
  /// - Precondition: The enlarged image lies inside the canvas.
  public mutating func draw(_ tile: RGBImage, scale: Int = 1, left: Int, top: Int) {
    for row in 0..<tile.height * scale {
      for column in 0..<tile.width * scale {
        let source = 3 * (row / scale * tile.width + column / scale)
        let target = 3 * ((top + row) * image.width + left + column)
        for channel in 0..<3 {
          image.samples[target + channel] = tile.samples[source + channel]
        }
      }
    }
  }
}
