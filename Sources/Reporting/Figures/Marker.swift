/// The marker of a class or curve, whose shape distinguishes it even without color.
///
/// After ``count`` markers the colors repeat, with other shapes and dashes: a thousand differ.
struct Marker {
  /// The number of different shapes, of dash patterns, and of colors.
  static let count = 10

  /// The number of the color.
  let color: Int
  private let shape: Int
  private let dash: Int

  /// Creates the marker with a number.
  init(_ number: Int) {
    let round = number / Self.count
    color = number % Self.count
    shape = (number + 3 * round) % Self.count
    dash = (number + 7 * round + round / Self.count) % Self.count
  }

  /// True if only the outline of the shape is drawn.
  private var isOutline: Bool { [4, 5, 7, 8, 9].contains(shape) }

  /// The CSS class of the marker.
  var styleClass: String { isOutline ? "s\(color) mark" : "f\(color)" }

  /// The SVG attribute with the dash pattern of a curve's line; empty for a solid line.
  var dashes: Markup {
    let pattern = [nil, "6 3", "2 2", "9 3 2 3", "12 4", "4 4", "1 3", "8 2 2 2 2 2", "14 3", "3 6"][dash]
    return pattern.map { pattern in " stroke-dasharray=\"\(pattern)\"" } ?? ""
  }

  /// Returns an SVG path that draws the marker at every point.
  func path(_ points: [(x: Double, y: Double)], radius r: Double) -> Markup {
    Markup(joining: points.map { point in outline(point.x, point.y, r) })
  }

  private func outline(_ x: Double, _ y: Double, _ r: Double) -> Markup {
    switch shape {
    case 0, 7: "M\(x - r) \(y)a\(r) \(r) 0 1 0 \(2 * r) 0a\(r) \(r) 0 1 0 \(-2 * r) 0z"
    case 1, 8: "M\(x - r) \(y - r)h\(2 * r)v\(2 * r)h\(-2 * r)z"
    case 2: "M\(x) \(y - r)l\(r) \(2 * r)h\(-2 * r)z"
    case 3, 9: "M\(x) \(y - 1.3 * r)l\(1.3 * r) \(1.3 * r)l\(-1.3 * r) \(1.3 * r)l\(-1.3 * r) \(-1.3 * r)z"
    case 4: "M\(x - r) \(y)h\(2 * r)M\(x) \(y - r)v\(2 * r)"
    case 5: "M\(x - r) \(y - r)l\(2 * r) \(2 * r)M\(x - r) \(y + r)l\(2 * r) \(-2 * r)"
    default: "M\(x) \(y + r)l\(r) \(-2 * r)h\(-2 * r)z"
    }
  }
}
