/// The exact fraction of each pixel of a square image that is covered by polygons.
///
/// Every edge adds, to the pixels of its rows, the signed area between the edge and the right border: positive for
/// downward edges, negative for upward ones. For a closed polygon these areas sum to the area inside it.
struct PolygonCoverage {
  private let side: Int

  /// The covered area of each pixel, row by row; the sign depends on the orientation of the polygons.
  private var areas: [Float]

  /// The rows and columns of pixels that the polygons touch.
  private(set) var rows = 0..<0
  private(set) var columns = 0..<0

  init(side: Int) {
    self.side = side
    areas = [Float](repeating: 0, count: side * side)
  }

  /// The covered fraction of a pixel, from 0 to 1.
  subscript(row: Int, column: Int) -> Float {
    min(abs(areas[row * side + column]), 1)
  }

  /// Computes the coverage by polygons whose vertices v are placed at `center` + `turn` · v, a complex product that
  /// rotates and scales.
  mutating func cover(_ contours: [[SIMD2<Float>]], center: SIMD2<Float>, turn: SIMD2<Float>) {
    let placed = contours.map { contour in
      contour.map { point in
        center + SIMD2(point.x * turn.x - point.y * turn.y, point.x * turn.y + point.y * turn.x)
      }
    }
    var low = SIMD2<Float>(repeating: Float(side))
    var high = SIMD2<Float>(repeating: 0)
    for point in placed.joined() {
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    rows = pixels(from: low.y, to: high.y)
    columns = pixels(from: low.x, to: high.x)
    for row in rows {
      for column in columns {
        areas[row * side + column] = 0
      }
    }
    for contour in placed {
      guard var last = contour.last else { continue }
      for point in contour {
        addEdge(from: last, to: point)
        last = point
      }
    }
  }

  private func pixels(from low: Float, to high: Float) -> Range<Int> {
    let first = min(max(Int(low.rounded(.down)), 0), side)
    return first..<max(first, min(Int(high.rounded(.up)), side))
  }

  private mutating func addEdge(from start: SIMD2<Float>, to end: SIMD2<Float>) {
    guard start.y != end.y else { return }
    let (top, bottom, sign): (_, _, Float) = start.y < end.y ? (start, end, 1) : (end, start, -1)
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    for row in pixels(from: top.y, to: bottom.y) {
      let upper = max(top.y, Float(row))
      let lower = min(bottom.y, Float(row + 1))
      let x = top.x + (upper - top.y) * slope
      addSegment(row: row, x, x + (lower - upper) * slope, signedHeight: sign * (lower - upper))
    }
  }

  /// Adds the area of the part of an edge that lies within one row of pixels.
  private mutating func addSegment(row: Int, _ start: Float, _ end: Float, signedHeight: Float) {
    let left = min(start, end)
    let right = max(start, end)
    let isUpright = right - left < 0.01
    let scale = isUpright ? signedHeight : signedHeight / (right - left)
    for column in max(columns.lowerBound, min(Int(left), columns.upperBound))..<columns.upperBound {
      let edge = Float(column + 1)
      // An edge point at x covers clamp(column + 1 − x, 0, 1) of the pixel's width; this is the mean over the edge's
      // part.
      let covered =
        isUpright
        ? min(max(edge - 0.5 * (left + right), 0), 1)
        : Self.clampIntegral(edge - left) - Self.clampIntegral(edge - right)
      areas[row * side + column] += scale * covered
    }
  }

  /// Returns ∫ clamp(u, 0, 1) du from −∞ to `end`.
  private static func clampIntegral(_ end: Float) -> Float {
    let clamped = min(max(end, 0), 1)
    return clamped * (end - 0.5 * clamped)
  }
}
