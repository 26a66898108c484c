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
  /// The largest share of the chart that names may cover; beyond it, numbers stand for them.
  private static let nameShare = 0.15
  /// The largest number of a class's points beside which its name stands, not over them.
  private static let fewPoints = 8

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
    let texts = nameTexts(shown)
    let numbers = shown.indices.map { index in "\(index + 1)" }
    let body: Markup = """
      <svg viewBox="0 0 \(Self.side) \(Self.side)" role="img" aria-label="\(description(shown))">
      \(others(places, shown))
      \(shown.enumerated().map { index, label in marks(places, label, Marker(index)) })
      \(names(places, shown, texts ?? numbers))
      </svg>
      \(legend(shown, isNumbered: texts == nil))
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

  /// Returns the class names to draw, shortened if they are wider than the chart; `nil` if they would hide the points,
  /// or be alike.
  private func nameTexts(_ shown: [Int]) -> [String]? {
    let texts = shown.map { label in
      TextFit.shortened(classNames[label], to: Self.side - 4, letter: TextFit.boldLetter)
    }
    let area = texts.reduce(0) { sum, text in sum + TextBox.width(of: text) * TextBox.height }
    return area <= Self.nameShare * Self.side * Self.side && Set(texts).count == texts.count ? texts : nil
  }

  /// Draws the texts of classes at the medians of their points, or beside them if they are few, and moves them apart if
  /// they would overlap.
  private func names(_ all: [(x: Double, y: Double)], _ shown: [Int], _ texts: [String]) -> Markup {
    let range = 2...Self.side - 2
    var boxes: [TextBox] = []
    for (label, text) in zip(shown, texts) {
      let own = places(all, of: label)
      let middle = (x: median(own.map(\.x)), y: median(own.map(\.y)))
      func distance(_ point: (x: Double, y: Double)) -> Double {
        (point.x - middle.x) * (point.x - middle.x) + (point.y - middle.y) * (point.y - middle.y)
      }
      if own.count <= Self.fewPoints, let nearest = own.min(by: { one, other in distance(one) < distance(other) }) {
        boxes.append(TextBox.beside(label, text, nearest, among: all, boxes, within: range))
      } else {
        boxes.append(TextBox(label, text, x: middle.x, y: middle.y, within: range))
      }
    }
    TextBox.separate(&boxes, within: TextBox.height...Self.side - 4)
    return Markup(
      joining: boxes.map { box in
        "<text class=\"halo\" x=\"\(box.anchor)\" y=\"\(box.y)\" text-anchor=\"\(box.anchorName)\">\(box.text)</text>"
      })
  }

  private func median(_ values: [Double]) -> Double {
    values.isEmpty ? Self.side / 2 : values.sorted()[values.count / 2]
  }

  private func legend(_ shown: [Int], isNumbered: Bool) -> Markup {
    guard !shown.isEmpty else { return "" }
    let items = shown.enumerated().map { index, label in
      let marker = Marker(index)
      let number = isNumbered ? "\(index + 1): " : ""
      return """
        <li><svg viewBox="0 0 36 14" aria-hidden="true"><path class="\(marker.styleClass)" d="\(marker.path([(26, 7)], radius: 4.4))"/></svg>\(number)\(classNames[label])</li>
        """ as Markup
    }
    let others = Set(labels ?? []).count - shown.count
    let rest: Markup = others > 0 ? "<li>small dots: \(others) other class\(others == 1 ? "" : "es")</li>" : ""
    return "<ul class=\"legend\">\(items)\(rest)</ul>"
  }

  private func description(_ shown: [Int]) -> String {
    let classes = shown.map { label in classNames[label] }.joined(separator: ", ")
    return "\(title): \(points.count) points in the plane" + (shown.isEmpty ? "" : ", by class: \(classes)")
  }
}
