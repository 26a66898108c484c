import ImageCodecs
import KeyedRandomness

/// The digital corruptions: contrast, pixelation, JPEG compression and elastic transform.
enum Digital {
  /// Multiplies each channel's deviations from its mean by `factor`.
  static func contrast(_ image: RGBImage, factor: Double) -> RGBImage {
    Raster(image).mapPlanes { plane in
      let mean = plane.reduce(0, +) / Double(plane.count)
      return plane.map { value in (value - mean) * factor + mean }
    }.image
  }

  /// Downsamples the image to `side` × `side` and enlarges it again, both by Pillow's box filter.
  static func pixelate(_ image: RGBImage, side: Int) -> RGBImage {
    Interpolation.boxResized(Interpolation.boxResized(image, to: side), to: image.width)
  }

  /// Encodes the image as JPEG with subsampled colors (chroma at half resolution) and decodes it.
  static func jpeg(_ image: RGBImage, quality: Int) throws(ImageError) -> RGBImage {
    try RGBImage(decoding: image.jpegBytes(quality: quality))
  }

  /// Applies the elastic transform: a random affine transform, then a smooth random displacement of each pixel.
  ///
  /// The affine transform moves three points by up to `shift` pixels.
  static func elastic(
    _ image: RGBImage, amplitude: Double, sigma: Double, shift: Double, _ stream: inout RandomStream
  ) -> RGBImage {
    let side = image.width
    let source = AffineSource(side: side, shift: shift, &stream)
    func displacements() -> [Double] {
      let uniform = (0..<side * side).map { _ in stream.nextFraction(from: -1, to: 1) }
      return Filters.gaussian(uniform, side: side, sigma: sigma, truncation: 3, .symmetric).map { value in
        value * amplitude
      }
    }
    let (right, down) = (displacements(), displacements())
    return Raster(image).mapPlanes { plane in
      let moved = (0..<side * side).map { pixel in
        let (x, y) = source.place(x: Double(pixel % side), y: Double(pixel / side))
        return Interpolation.value(plane, side: side, x: x, y: y, .mirrored)
      }
      return moved.indices.map { pixel in
        Interpolation.value(
          moved, side: side, x: Double(pixel % side) + right[pixel], y: Double(pixel / side) + down[pixel], .symmetric)
      }
    }.image
  }
}

/// An affine transform of an image, as the map from output to source coordinates.
struct AffineSource {
  private let origin: (x: Double, y: Double)
  private let moved: (x: Double, y: Double)
  /// The inverse of the linear part of the transform.
  private let inverse: (xx: Double, xy: Double, yx: Double, yy: Double)

  /// Draws the transform that moves three points around the center by up to `shift` pixels along each axis.
  init(side: Int, shift: Double, _ stream: inout RandomStream) {
    let (center, reach) = (Double(side / 2), Double(side / 3))
    let points = [
      (x: center + reach, y: center + reach), (x: center + reach, y: center - reach),
      (x: center - reach, y: center - reach),
    ]
    let targets = points.map { point in
      (
        x: point.x + stream.nextFraction(from: -shift, to: shift),
        y: point.y + stream.nextFraction(from: -shift, to: shift)
      )
    }
    // The differences of the points span the plane: the matrix takes (0, 2 reach) and (2 reach, 0) to those of the
    // targets.
    let length = 2 * reach
    let along = ((targets[1].x - targets[2].x) / length, (targets[1].y - targets[2].y) / length)
    let across = ((targets[0].x - targets[1].x) / length, (targets[0].y - targets[1].y) / length)
    let determinant = along.0 * across.1 - across.0 * along.1
    inverse = (across.1 / determinant, -across.0 / determinant, -along.1 / determinant, along.0 / determinant)
    (origin, moved) = (points[2], targets[2])
  }

  /// Returns the source coordinates of an output pixel.
  func place(x: Double, y: Double) -> (x: Double, y: Double) {
    let (right, down) = (x - moved.x, y - moved.y)
    return (
      origin.x + inverse.xx * right + inverse.xy * down, origin.y + inverse.yx * right + inverse.yy * down
    )
  }
}
