import Reporting
import TestSupport
import Testing

/// The axes of accuracies, and the class names on a map.
struct FigureTests {
  @Test(arguments: [0.0, 37.5, 99, 100])
  func `an axis of percentages stays between 0 and 100`(_ value: Double) {
    let axis = Axis([value, value], count: 5, limits: Axis.percentages)
    #expect(axis.ticks.count > 2 && axis.ticks.allSatisfy { tick in tick >= 0 && tick <= 100 }, "\(axis.ticks)")
    let wide = [value / 2, value / 2 + 20]
    #expect(Axis(wide, count: 5, limits: Axis.percentages).ticks == Axis(wide, count: 5).ticks)
  }

  @Test func `long class names at the edges of a map begin or end there`() {
    let name = "Chesapeake Bay retriever dog"
    let html = ScatterChart(
      title: "map", points: [(x: 0, y: 0), (x: 10, y: 5), (x: 5, y: 10)], labels: [0, 1, 2],
      classNames: [name, "\(name)s", "cat"]
    ).figure.text
    let labels = html.matches(of: #/<text class="halo" x="([0-9.]+)" y="[0-9.]+" text-anchor="([a-z]+)">([^<]+)</#)
    let places = labels.map { label in "\(label.output.3) at \(label.output.1), \(label.output.2)" }
    #expect(Set(places) == ["\(name) at 2, start", "\(name)s at 398, end", "cat at 200, middle"])
  }

  @Test func `only names wider than the map are shortened, and the legend has them whole`() {
    let (latin, chinese) = (String(repeating: "n", count: 44), String(repeating: "犬", count: 40))
    let html = ScatterChart(
      title: "map", points: [(x: 0, y: 0), (x: 10, y: 10)], labels: [0, 1], classNames: [latin, chinese]
    ).figure.text
    #expect(html.contains(">\(latin)</text>"))
    #expect(html.contains(">\(String(repeating: "犬", count: 29))…</text>"))
    #expect(html.contains("</svg>\(chinese)</li>"))
  }
}
