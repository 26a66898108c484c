/// A box plot of one measure in several groups, as inline SVG.
///
/// Boxes range from the lower to the upper quartile with a line at the median, whiskers to the extremes; every value is
/// a dot.
package struct BoxPlot {
  /// A named group of values, drawn as one box.
  struct Group {
    let name: String
    let values: [Double]
  }

  let title: String
  let xTitle: String
  let yTitle: String
  let groups: [Group]
  /// The values that the axis does not go beyond; `nil` for any.
  var limits: ClosedRange<Double>?

  private static let width = 400.0
  private static let height = 250.0
  private static let right = 10.0
  private static let top = 10.0
  private static let bottom = 46.0

  /// The figure; `nil` if there are no values.
  var figure: Markup? {
    let drawn = groups.filter { group in !group.values.isEmpty }
    guard !drawn.isEmpty else { return nil }
    let axis = Axis(drawn.flatMap(\.values), count: 5, limits: limits)
    let (left, floor) = (axis.left, Self.height - Self.bottom)
    let step = (Self.width - left - Self.right) / Double(drawn.count)
    func y(_ value: Double) -> Double { floor - 6 - axis.position(value) * (floor - Self.top - 12) }
    let rules = zip(axis.ticks, axis.labels).map { tick, label in
      """
      <path class="rule" d="M\(left) \(y(tick))H\(Self.width - Self.right)"/><text x="\(left - 5)" y="\(y(tick) + 4)" text-anchor="end">\(label)</text>
      """ as Markup
    }
    let labels = Labels(drawn.map(\.name), from: left, step: step)
    let boxes = drawn.enumerated().map { index, group in
      let middle = left + (Double(index) + 0.5) * step
      let place = floor + (labels.hasTwoLines && !index.isMultiple(of: 2) ? 30 : 16)
      return box(group, middle: middle, halfWidth: min(step * 0.3, 26), y)
        + "<text x=\"\(middle)\" y=\"\(place)\" text-anchor=\"middle\">\(labels.texts[index])</text>"
    }
    let body: Markup = """
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(description(drawn))">
      \(rules)<path class="axis" d="M\(left) \(Self.top)V\(floor)H\(Self.width - Self.right)"/>
      \(boxes)
      <text x="12" y="\((Self.top + floor) / 2)" text-anchor="middle" transform="rotate(-90 12 \((Self.top + floor) / 2))">\(yTitle)</text>
      </svg>
      \(labels.legend)
      """
    return Elements.figure(
      title, body, caption: "\(xTitle); box: quartiles and median, whiskers: extremes, dots: runs.")
  }

  /// The texts below the boxes: the names or, if they have no room, numbers.
  private struct Labels {
    let texts: [String]
    /// The names of the numbers.
    let legend: Markup
    /// True if texts alternate between two lines, as they would touch each other on one.
    let hasTwoLines: Bool

    /// Creates the labels of groups that are `step` apart, from the left edge of the plot.
    init(_ names: [String], from left: Double, step: Double) {
      let widths = names.map { name in TextFit.width(of: name, letter: TextFit.plainLetter) }
      let longest = widths.max() ?? 0
      let isInside = widths.enumerated().allSatisfy { index, width in
        let middle = left + (Double(index) + 0.5) * step
        return middle - width / 2 >= 2 && middle + width / 2 <= BoxPlot.width - 2
      }
      let isNumbered = longest + 6 > 2 * step || !isInside
      hasTwoLines = !isNumbered && longest + 6 > step
      // Of numbers that have no room, only some are written.
      let spacing = Int((TextFit.plainLetter * Double("\(names.count)".count) + 6) / step) + 1
      let numbers = names.indices.map { index in index.isMultiple(of: spacing) ? "\(index + 1)" : "" }
      texts = isNumbered ? numbers : names
      let items = names.enumerated().map { index, name in "<li>\(index + 1): \(name)</li>" as Markup }
      legend = isNumbered ? "<ul class=\"legend\">\(items)</ul>" : ""
    }
  }

  private func box(_ group: Group, middle: Double, halfWidth: Double, _ y: (Double) -> Double) -> Markup {
    let (low, lower, median, upper, high) = Self.quartiles(group.values)
    let dots = Marker(3).path(group.values.map { value in (middle, y(value)) }, radius: 2.4)
    return """
      <path class="s0 curve" d="M\(middle) \(y(low))V\(y(lower))M\(middle) \(y(upper))V\(y(high))"/>
      <path class="s0 curve" d="M\(middle - halfWidth) \(y(lower))H\(middle + halfWidth)V\(y(upper))H\(middle - halfWidth)z"/>
      <path class="s1 curve" d="M\(middle - halfWidth) \(y(median))h\(2 * halfWidth)"/>
      <path class="f3" d="\(dots)"/>
      """
  }

  /// Returns extremes, quartiles and median, interpolated linearly between the sorted values.
  package static func quartiles(
    _ values: [Double]
  ) -> (low: Double, lower: Double, median: Double, upper: Double, high: Double) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let index = Int(place)
      let next = min(index + 1, sorted.count - 1)
      return sorted[index] + (place - Double(index)) * (sorted[next] - sorted[index])
    }
    return (quantile(0), quantile(0.25), quantile(0.5), quantile(0.75), quantile(1))
  }

  private func description(_ drawn: [Group]) -> String {
    let boxes = drawn.map { group in
      let numbers = Self.quartiles(group.values)
      return "\(group.name): median \(short(numbers.median)), from \(short(numbers.low)) to \(short(numbers.high))"
    }
    return "\(title), \(yTitle): " + boxes.joined(separator: "; ")
  }
}
