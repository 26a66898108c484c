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

  @Test(arguments: [(1.0, "1"), (0.0, "0"), (-2.5, "-2.5"), (7.5e-7, "7.5e-7"), (250_000.0, "2.5e5")])
  func `an axis of a single value has one tick, the value`(value: Double, label: String) {
    for values in [[value], [value, value, .nan]] {
      let axis = Axis(values, count: 5)
      #expect(axis.ticks == [value] && axis.labels == [label], "\(axis)")
    }
  }

  @Test(arguments: [
    ([5.5412, 5.5418], "5.5414"), ([1_234_001.0, 1_234_005.0], "1234002"), ([0.0, 10.0], "2"),
    ([-1.0001, -1.0002], "-1.00016"),
  ])
  func `labels of an axis differ, however close the values are`(values: [Double], label: String) {
    let axis = Axis(values, count: 5)
    #expect(axis.ticks.count > 2 && Set(axis.labels).count == axis.ticks.count, "\(axis.labels)")
    #expect(axis.labels.contains(label), "\(axis.labels)")
  }

  /// The class names that are drawn on a map, with the x and y of the drawing.
  private func names(_ html: String) -> [(text: String, x: Substring, y: Substring, anchor: Substring)] {
    html.matches(of: #/<text class="halo" x="([0-9.]+)" y="([0-9.]+)" text-anchor="([a-z]+)">([^<]+)</#).map { match in
      (String(match.output.4), match.output.1, match.output.2, match.output.3)
    }
  }

  @Test(arguments: [7, 30])
  func `names of few points stand beside them`(_ count: Int) throws {
    let points = (0..<count).map { index in
      let (column, row) = (Double(index % 5), Double(index / 5))
      return (x: 2.5 * column, y: row * 10 / 6)
    }
    let corner = (x: 10.0, y: 10.0)
    let classNames = ["a", "bb", "plane", "truck", "automobile", "f", "gg"]
    let html = ScatterChart(
      title: "map", points: points + [corner], labels: (0...count).map { index in index % 7 }, classNames: classNames
    ).figure.text
    let drawn = names(html)
    #expect(Set(drawn.map(\.text)) == Set(classNames))
    for name in drawn {
      let (x, y) = (try #require(Double(name.x)), try #require(Double(name.y)))
      let width = 6.5 * Double(name.text.count)
      let left = name.anchor == "start" ? x : name.anchor == "end" ? x - width : x - width / 2
      for point in points + [corner] {
        // The map has a side of 400 and margins of 12.
        let (column, row) = (12 + 37.6 * point.x, 388 - 37.6 * point.y)
        let isCovered = column > left && column < left + width && row > y - 9 && row < y + 1
        #expect(!isCovered, "\(name) covers (\(column), \(row))")
      }
    }
  }

  @Test(arguments: [
    // They would cover the map.
    (1...7).map { number in "Very long species name of the genus number \(number)" },
    // They differ only where they are cut.
    ["x", "y"].map { letter in String(repeating: "n", count: 40) + letter + String(repeating: "m", count: 40) },
  ])
  func `numbers stand for names that would be alike or hide the points`(classNames: [String]) {
    let html = ScatterChart(
      title: "map", points: classNames.indices.map { index in (x: Double(index), y: Double(index % 2)) },
      labels: Array(classNames.indices), classNames: classNames
    ).figure.text
    #expect(names(html).map(\.text).sorted() == classNames.indices.map { index in "\(index + 1)" })
    for (index, name) in classNames.enumerated() {
      #expect(html.contains("</svg>\(index + 1): \(name)</li>"))
    }
  }

  @Test func `names that differ in their last letters are told apart`() {
    let classNames = ["x", "y"].map { letter in String(repeating: "n", count: 60) + letter }
    let html = ScatterChart(
      title: "map", points: [(x: 0, y: 0), (x: 10, y: 10)], labels: [0, 1], classNames: classNames
    ).figure.text
    let drawn = names(html).map(\.text)
    #expect(Set(drawn).count == 2 && drawn.allSatisfy { text in text.hasPrefix("nn") && text.contains("…n") })
  }

  @Test func `long class names at the edges of a map begin or end there`() {
    let name = "Chesapeake Bay retriever dog"
    // Names stand over the points of classes that have many.
    let corners: [(x: Double, y: Double)] = [(0, 0), (10, 5), (5, 10)]
    let points = corners.flatMap { corner in Array(repeating: corner, count: 9) }
    let html = ScatterChart(
      title: "map", points: points, labels: points.indices.map { index in index / 9 },
      classNames: [name, "\(name)s", "cat"]
    ).figure.text
    let places = names(html).map { name in "\(name.text) at \(name.x), \(name.anchor)" }
    #expect(Set(places) == ["\(name) at 2, start", "\(name)s at 398, end", "cat at 200, middle"])
  }

  @Test func `only names wider than the map are shortened, and the legend has them whole`() {
    let (latin, chinese) = (String(repeating: "n", count: 44), String(repeating: "犬", count: 40))
    let html = ScatterChart(
      title: "map", points: [(x: 0, y: 0), (x: 10, y: 10)], labels: [0, 1], classNames: [latin, chinese]
    ).figure.text
    #expect(html.contains(">\(latin)</text>"))
    let start = String(repeating: "犬", count: 15)
    #expect(html.contains(">\(start)…\(start.dropLast())</text>"))
    #expect(html.contains("</svg>\(chinese)</li>"))
  }

  /// Ten classes have markers of their own; of the others only those with points are small dots.
  @Test(arguments: [
    ([0, 2], 4, ""), (Array(0..<10), 12, ""), (Array(0..<11), 12, "small dots: 1 other class<"),
    (Array(0..<12), 20, "small dots: 2 other classes<"),
  ])
  func `the legend has small dots where the map has them`(labels: [Int], classCount: Int, text: String) {
    let html = ScatterChart(
      title: "map", points: labels.map { label in (x: Double(label), y: Double(label % 3)) }, labels: labels,
      classNames: (0..<classCount).map { label in "class \(label)" }
    ).figure.text
    #expect(html.contains("small dots") == !text.isEmpty && html.contains("class=\"dot\"") == !text.isEmpty)
    #expect(text.isEmpty || html.contains(text), "\(html)")
  }
}
