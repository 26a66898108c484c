import ImageCodecs
import KeyedRandomness

/// A painter of one image of the built-in dataset of shapes: background, clutter, the shape, noise.
///
/// Everything but the shape's outline is drawn independently of the class. Only additions, multiplications, divisions
/// and square roots of IEEE numbers are used, so that the bytes are the same on every machine.
package struct ShapePainter {
  /// A color as (red, green, blue, unused), from 0 to 1.
  private typealias Color = SIMD4<Float>

  /// The height and width of an image in pixels.
  package static let side = 32
  /// The luminance weights of ITU-R Recommendation 601, as in the augmentation's grayscale operation.
  private static let luminanceWeights = Color(0.299, 0.587, 0.114, 0)
  private static let strokes: [[SIMD2<Float>]] = [[SIMD2(-1, -1), SIMD2(1, -1), SIMD2(1, 1), SIMD2(-1, 1)]]

  private var stream: RandomStream
  private var canvas = [Color](repeating: Color(), count: side * side)
  private var coverage = PolygonCoverage(side: side)

  /// Creates a painter that draws from a random stream.
  package init(_ stream: RandomStream) {
    self.stream = stream
  }

  /// Paints the image of a shape.
  package mutating func paint(_ shape: ShapeOutline) -> RGBImage {
    // The shape is always light on a dark background. If both were possible, color would dominate at first, and
    // training would find the shape late or never.
    let dark = stream.nextUniform(in: 0.05...0.4)
    let light = dark + stream.nextUniform(in: 0.45...0.65)
    paintBackground(luminance: dark)
    paintClutter()
    paint(shape, color(luminance: light))
    return finished()
  }

  private mutating func paint(_ shape: ShapeOutline, _ color: Color) {
    let middle = Float(Self.side) / 2
    let center = SIMD2(
      middle + stream.nextUniform(in: -7...7), middle + stream.nextUniform(in: -7...7))
    let radius = stream.nextUniform(in: 8...11)
    coverage.cover(ShapeOutline.contours[shape.rawValue], center: center, turn: direction() * radius)
    fillCoverage(color)
  }

  /// Paints small dots and strokes, over which the shape is painted.
  private mutating func paintClutter() {
    for _ in 0..<2 + stream.nextInteger(below: 4) {
      let center = SIMD2(stream.nextUniform(), stream.nextUniform()) * Float(Self.side)
      let turn = direction()
      if stream.nextEvent(probability: 0.5) {
        coverage.cover(
          ShapeOutline.contours[ShapeOutline.disc.rawValue], center: center,
          turn: turn * stream.nextUniform(in: 1...2))
      } else {
        let length = stream.nextUniform(in: 2...5)
        let corners = Self.strokes.map { stroke in stroke.map { corner in corner * SIMD2(length, 0.6) } }
        coverage.cover(corners, center: center, turn: turn)
      }
      fillCoverage(color(luminance: stream.nextUniform(in: 0.1...0.9)))
    }
  }

  private mutating func fillCoverage(_ color: Color) {
    for row in coverage.rows {
      for column in coverage.columns {
        let pixel = row * Self.side + column
        canvas[pixel] += (color - canvas[pixel]) * coverage[row, column]
      }
    }
  }

  /// Paints the background: two colors of similar luminance, mixed by one of four patterns.
  private mutating func paintBackground(luminance: Float) {
    let first = color(luminance: luminance + stream.nextUniform(in: -0.02...0.02))
    let second = color(luminance: luminance + stream.nextUniform(in: -0.02...0.02))
    switch stream.nextInteger(below: 4) {
    case 0: mix(first, second) { _ in 0 }
    case 1:
      let slope = direction() / Float(Self.side)
      mix(first, second) { point in 0.5 + (slope * point).sum() }
    case 2:
      let waves = direction() * stream.nextUniform(in: 0.06...0.2)
      let phase = stream.nextUniform()
      mix(first, second) { point in
        let position = (waves * point).sum() + phase
        return abs(2 * (position - position.rounded(.down)) - 1)
      }
    default:
      // Blotches: random numbers on a grid with a spacing of 8 pixels, interpolated.
      let lattice = (0..<25).map { _ in stream.nextUniform() }
      let middle = Float(Self.side) / 2
      mix(first, second) { point in
        let place = (point + middle) / 8
        let column = Int(place.x)
        let row = Int(place.y)
        let across = place.x - Float(column)
        let corner = row * 5 + column
        let upper = lattice[corner] + (lattice[corner + 1] - lattice[corner]) * across
        let lower = lattice[corner + 5] + (lattice[corner + 6] - lattice[corner + 5]) * across
        return upper + (lower - upper) * (place.y - Float(row))
      }
    }
  }

  /// Fills the canvas with a mixture of two colors; `share` maps a position relative to the center to the second
  /// color's fraction, clamped to [0, 1].
  private mutating func mix(_ first: Color, _ second: Color, share: (SIMD2<Float>) -> Float) {
    let middle = Float(Self.side) / 2
    for row in 0..<Self.side {
      for column in 0..<Self.side {
        let point = SIMD2(Float(column), Float(row)) + (0.5 - middle)
        canvas[row * Self.side + column] = first + (second - first) * min(max(share(point), 0), 1)
      }
    }
  }

  /// Draws a color of random hue with the given luminance.
  private mutating func color(luminance: Float) -> Color {
    let hue = Color(stream.nextUniform(), stream.nextUniform(), stream.nextUniform(), 0) * 0.15
    return hue + (luminance - (hue * Self.luminanceWeights).sum())
  }

  /// Draws a random unit vector.
  private mutating func direction() -> SIMD2<Float> {
    while true {
      let point = SIMD2(stream.nextUniform(in: -1...1), stream.nextUniform(in: -1...1))
      let squaredLength = (point * point).sum()
      if squaredLength > 0.01, squaredLength <= 1 {
        return point / squaredLength.squareRoot()
      }
    }
  }

  /// Returns the canvas as 8-bit RGB with random noise added.
  private mutating func finished() -> RGBImage {
    var samples = [UInt8](repeating: 0, count: 3 * canvas.count)
    let amplitude = stream.nextUniform(in: 2...10)
    for pixel in canvas.indices {
      let word = stream.nextWord()
      let noise = Color(Float(word & 255), Float(word >> 8 & 255), Float(word >> 16 & 255), 0) * (2 / 255) - 1
      let value = (canvas[pixel] * 255 + noise * amplitude + 0.5).clamped(
        lowerBound: Color(), upperBound: Color(repeating: 255))
      samples[3 * pixel] = UInt8(value.x)
      samples[3 * pixel + 1] = UInt8(value.y)
      samples[3 * pixel + 2] = UInt8(value.z)
    }
    return RGBImage(width: Self.side, height: Self.side, samples: samples)
  }
}
