/// A scatter plot of points of several classes, as inline SVG.
package struct ScatterChart {
  let title: String
  /// The x and y coordinates of each point.
  let points: [(x: Double, y: Double)]
  /// The class of each point; `nil` for images without labels.
  let labels: [Int]?
  let classNames: [String]
  var caption: String?

  private static let side = 400.0
  private static let margin = 12.0
  private static let radius = 2.6
  private static let labelHeight = 13.0

  /// Creates a chart of points, of which `labels` are the classes.
  package init(
    title: String, points: [(x: Double, y: Double)], labels: [Int]?, classNames: [String], caption: String? = nil
  ) {
    (self.title, self.points, self.labels) = (title, points, labels)
    (self.classNames, self.caption) = (classNames, caption)
  }

  /// The figure with a legend of the markers.
  package var figure: Markup {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let (centerX, centerY) = (((xs.min() ?? 0) + (xs.max() ?? 0)) / 2, ((ys.min() ?? 0) + (ys.max() ?? 0)) / 2)
    // The same scale for both directions, so that distances are comparable.
    let extent = max((xs.max() ?? 0) - (xs.min() ?? 0), (ys.max() ?? 0) - (ys.min() ?? 0), 1e-12)
    let scale = (Self.side - 2 * Self.margin) / extent
    let places = points.map { point in
      (x: Self.side / 2 + (point.x - centerX) * scale, y: Self.side / 2 - (point.y - centerY) * scale)
    }
    let shown = shownClasses
    let body: Markup = """
      <svg viewBox="0 0 \(Self.side) \(Self.side)" role="img" aria-label="\(description(shown))">
      \(others(places, shown))
      \(shown.enumerated().map { index, label in marks(places, label, Marker(index)) })
      \(names(places, shown))
      </svg>
      \(legend(shown))
      """
    return Elements.figure(title, body, caption: caption)
  }

  /// The classes whose points are drawn with markers: the ten with the most points, in the order of the labels.
  private var shownClasses: [Int] {
    guard let labels else { return [] }
    var counts = [Int](repeating: 0, count: classNames.count)
    for label in labels { counts[label] += 1 }
    let largest = classNames.indices.sorted { one, other in (-counts[one], one) < (-counts[other], other) }
    return largest.prefix(Marker.count).filter { label in counts[label] > 0 }.sorted()
  }

  private func places(_ places: [(x: Double, y: Double)], of label: Int) -> [(x: Double, y: Double)] {
    zip(places, labels ?? []).filter { pair in pair.1 == label }.map(\.0)
  }

  private func marks(_ all: [(x: Double, y: Double)], _ label: Int, _ marker: Marker) -> Markup {
    let path = marker.path(places(all, of: label), radius: Self.radius)
    return "<path class=\"\(marker.styleClass)\" d=\"\(path)\"/>"
  }

  /// Draws the points of the classes without a marker as small dots.
  private func others(_ all: [(x: Double, y: Double)], _ shown: [Int]) -> Markup {
    let rest = all.indices.filter { index in labels.map { labels in !shown.contains(labels[index]) } ?? true }
    guard !rest.isEmpty else { return "" }
    let path = Marker(0).path(rest.map { index in all[index] }, radius: 1.8)
    return "<path class=\"dot\" d=\"\(path)\"/>"
  }

  /// Draws class names at the medians of their classes' points, moved apart if they would overlap.
  private func names(_ all: [(x: Double, y: Double)], _ shown: [Int]) -> Markup {
    var boxes = shown.map { label -> TextBox in
      let own = places(all, of: label)
      return TextBox(
        label, classNames[label], x: median(own.map(\.x)), y: median(own.map(\.y)), within: 2...Self.side - 2)
    }
    TextBox.separate(&boxes, height: Self.labelHeight, within: Self.labelHeight...Self.side - 4)
    return Markup(
      joining: boxes.map { box in
        "<text class=\"halo\" x=\"\(box.anchor)\" y=\"\(box.y)\" text-anchor=\"\(box.anchorName)\">\(box.text)</text>"
      })
  }

  private func median(_ values: [Double]) -> Double {
    values.isEmpty ? Self.side / 2 : values.sorted()[values.count / 2]
  }

  private func legend(_ shown: [Int]) -> Markup {
    guard !shown.isEmpty else { return "" }
    let items = shown.enumerated().map { index, label in
      let marker = Marker(index)
      return """
        <li><svg viewBox="0 0 36 14" aria-hidden="true"><path class="\(marker.styleClass)" d="\(marker.path([(26, 7)], radius: 4.4))"/></svg>\(classNames[label])</li>
        """ as Markup
    }
    let rest: Markup =
      classNames.count > shown.count ? "<li>small dots: the other \(classNames.count - shown.count) classes</li>" : ""
    return "<ul class=\"legend\">\(items)\(rest)</ul>"
  }

  private func description(_ shown: [Int]) -> String {
    let classes = shown.map { label in classNames[label] }.joined(separator: ", ")
    return "\(title): \(points.count) points in the plane" + (shown.isEmpty ? "" : ", by class: \(classes)")
  }
}

/// The box of a class name in the chart: centered at `x`, with the baseline of the text at `y`.
private struct TextBox {
  let label: Int
  /// The class name; shortened if it is wider than the chart.
  let text: String
  let x: Double
  var y: Double
  /// Half the width, as it is estimated.
  let halfWidth: Double
  /// The x at which the text begins, ends, or has its middle.
  let anchor: Double
  /// The value of `text-anchor` in SVG: `start`, `end` or `middle`.
  let anchorName: String

  /// Creates the box of a class name whose middle is at a place if it does not reach beyond the chart.
  init(_ label: Int, _ name: String, x middle: Double, y: Double, within range: ClosedRange<Double>) {
    (self.label, self.y) = (label, y)
    text = Self.shortened(name, to: range.upperBound - range.lowerBound)
    let half = Self.width(of: text) / 2
    halfWidth = half + 2
    // At an edge the text begins or ends there: an estimate that is wrong does not cut it off.
    if middle - half <= range.lowerBound {
      (x, anchor, anchorName) = (range.lowerBound + half, range.lowerBound, "start")
    } else if middle + half >= range.upperBound {
      (x, anchor, anchorName) = (range.upperBound - half, range.upperBound, "end")
    } else {
      (x, anchor, anchorName) = (middle, middle, "middle")
    }
  }

  /// Returns a name, or as much of it as a width has room for.
  private static func shortened(_ name: String, to room: Double) -> String {
    guard width(of: name) > room else { return name }
    var start = name
    while !start.isEmpty, width(of: start + "…") > room { start.removeLast() }
    return start + "…"
  }

  /// Returns the width of a text in bold letters of 12 units, as it is estimated without the font.
  private static func width(of text: String) -> Double {
    text.reduce(0) { sum, letter in sum + (isFullWidth(letter) ? 13 : 8.8) }
  }

  /// Returns true for letters as wide as they are high, such as Chinese ones and emoji.
  private static func isFullWidth(_ letter: Character) -> Bool {
    letter.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F000...0x3FFFD:
        true
      default: false
      }
    }
  }

  /// Moves boxes vertically until none overlaps another, each as little as possible.
  static func separate(_ boxes: inout [TextBox], height: Double, within range: ClosedRange<Double>) {
    boxes.sort { one, other in (one.y, one.label) < (other.y, other.label) }
    for _ in 0..<60 {
      var moved = false
      for one in boxes.indices {
        for other in boxes.indices where other > one {
          let isBeside = abs(boxes[one].x - boxes[other].x) >= boxes[one].halfWidth + boxes[other].halfWidth
          let gap = boxes[other].y - boxes[one].y
          guard !isBeside, gap < height else { continue }
          boxes[one].y -= (height - gap) / 2 + 0.01
          boxes[other].y += (height - gap) / 2 + 0.01
          moved = true
        }
      }
      for index in boxes.indices {
        boxes[index].y = min(max(boxes[index].y, range.lowerBound), range.upperBound)
      }
      if !moved { return }
      boxes.sort { one, other in (one.y, one.label) < (other.y, other.label) }
    }
  }
}
