/// A chart of curves over the course of training, as inline SVG.
struct LineChart {
  /// One curve of the chart.
  struct Series {
    let name: String
    /// The points in order of ascending x.
    let points: [(x: Double, y: Double)]
    /// The number that selects marker, dashes and color.
    let style: Int
  }

  let title: String
  let xTitle: String
  let yTitle: String
  let series: [Series]
  var includesZero = false
  /// The values that the vertical axis does not go beyond; `nil` for any.
  var limits: ClosedRange<Double>?
  var caption: String?

  private static let width = 400.0
  private static let height = 230.0
  private static let right = 14.0
  private static let top = 10.0
  private static let bottom = 36.0
  /// The largest number of points of a curve; in a longer curve, groups of consecutive points are averaged.
  private static let pointLimit = 240

  /// The figure; `nil` if there are no points.
  var figure: Markup? {
    let drawn = series.map { series in
      Series(name: series.name, points: Self.thinned(series.points), style: series.style)
    }
    .filter { series in !series.points.isEmpty }
    guard !drawn.isEmpty else { return nil }
    let x = Axis(drawn.flatMap { series in series.points.map(\.x) }, count: 5)
    let y = Axis(
      drawn.flatMap { series in series.points.map(\.y) }, count: 5, includesZero: includesZero, limits: limits)
    let body: Markup = """
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(description)">
      \(frame(x, y))
      \(drawn.map { series in curve(series, x, y) })
      </svg>
      \(series.count > 1 || drawn[0].name != title ? legend(drawn) : "")
      """
    let isThinned = series.contains { series in Self.finite(series.points).count > Self.pointLimit }
    let captions = [caption, isThinned ? "Each point is a mean of consecutive ones." : nil].compactMap { text in text }
    return Elements.figure(title, body, caption: captions.isEmpty ? nil : captions.joined(separator: " "))
  }

  /// The first, last and extreme values of the curves, before any are averaged, as text for readers who cannot see the
  /// figure.
  private var description: String {
    let curves = series.compactMap { series -> String? in
      let values = series.points.map(\.y).filter(\.isFinite)
      guard let first = values.first, let last = values.last else { return nil }
      return "\(series.name) from \(short(first)) to \(short(last))"
        + " (lowest \(short(values.min() ?? 0)), highest \(short(values.max() ?? 0)))"
    }
    return "\(title) by \(xTitle): " + curves.joined(separator: "; ")
  }

  private static func place(_ x: Axis, _ y: Axis, _ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
    (
      y.left + x.position(point.x) * (width - y.left - right),
      height - bottom - y.position(point.y) * (height - top - bottom)
    )
  }

  private func frame(_ x: Axis, _ y: Axis) -> Markup {
    let (left, floor, end) = (y.left, Self.height - Self.bottom, Self.width - Self.right)
    let rows = zip(y.ticks, y.labels).map { tick, label in
      let place = Self.place(x, y, (x.low, tick)).y
      return """
        <path class="rule" d="M\(left) \(place)H\(end)"/><text x="\(left - 5)" y="\(place + 4)" text-anchor="end">\(label)</text>
        """ as Markup
    }
    let columns = zip(x.ticks, x.labels).map { tick, label in
      let place = Self.place(x, y, (tick, y.low)).x
      return """
        <path class="axis" d="M\(place) \(floor)v4"/><text x="\(place)" y="\(floor + 16)" text-anchor="middle">\(label)</text>
        """ as Markup
    }
    return """
      \(rows)\(columns)<path class="axis" d="M\(left) \(Self.top)V\(floor)H\(end)"/>
      <text x="\(end)" y="\(Self.height - 5)" text-anchor="end">\(xTitle)</text>
      <text x="12" y="\((Self.top + floor) / 2)" text-anchor="middle" transform="rotate(-90 12 \((Self.top + floor) / 2))">\(yTitle)</text>
      """
  }

  private func curve(_ series: Series, _ x: Axis, _ y: Axis) -> Markup {
    let marker = Marker(series.style)
    let places = series.points.map { point in Self.place(x, y, point) }
    let line = places.enumerated().map { index, place in "\(index == 0 ? "M" : "L")\(place.x) \(place.y)" as Markup }
    // A few markers identify the curve where it crosses others.
    let count = min(5, places.count)
    let marked = (0..<count).map { index in places[(2 * index + 1) * places.count / (2 * count)] }
    return """
      <path class="s\(marker.color) curve"\(marker.dashes) d="\(line)"/>
      <path class="\(marker.styleClass)" d="\(marker.path(marked, radius: 3.2))"/>
      """
  }

  private func legend(_ drawn: [Series]) -> Markup {
    let items = drawn.map { series in
      let marker = Marker(series.style)
      return """
        <li><svg viewBox="0 0 36 14" aria-hidden="true"><path class="s\(marker.color) curve"\(marker.dashes) d="M0 7H36"/><path class="\(marker.styleClass)" d="\(marker.path([(18, 7)], radius: 3.6))"/></svg>\(series.name)</li>
        """ as Markup
    }
    return "<ul class=\"legend\">\(items)</ul>"
  }

  private static func finite(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    points.filter { point in point.x.isFinite && point.y.isFinite }
  }

  /// Averages groups of consecutive points if there are too many; NaN and infinity are omitted.
  static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let finite = finite(points)
    guard finite.count > pointLimit else { return finite }
    return (0..<pointLimit).map { index in
      let part = finite[index * finite.count / pointLimit..<(index + 1) * finite.count / pointLimit]
      let sum = part.reduce((x: 0, y: 0)) { sum, point in (sum.x + point.x, sum.y + point.y) }
      return (sum.x / Double(part.count), sum.y / Double(part.count))
    }
  }
}
