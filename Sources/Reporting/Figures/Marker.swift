/// The shape of points of a class or of a series, so that they differ without color.
struct Marker {
  /// The number of shapes and of colors.
  static let count = 10

  let index: Int

  /// The marker of a class or series; they repeat after ``count``.
  init(_ number: Int) {
    index = number % Self.count
  }

  /// True if the shape is drawn by its outline.
  private var isOutline: Bool { [4, 5, 7, 8, 9].contains(index) }

  /// The class of the style sheet.
  var styleClass: String { isOutline ? "s\(index) mark" : "f\(index)" }

  /// The dashes of a line of this series; `nil` for a solid one.
  var dashes: String? {
    [nil, "6 3", "2 2", "9 3 2 3", "12 4", "4 4", "1 3", "8 2 2 2 2 2", "14 3", "3 6"][index]
  }

  /// The path of points.
  func path(_ points: [(x: Double, y: Double)], radius r: Double) -> Markup {
    Markup(joining: points.map { point in outline(point.x, point.y, r) })
  }

  private func outline(_ x: Double, _ y: Double, _ r: Double) -> Markup {
    switch index {
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
