/// The box of a class name in a chart, with the baseline of the text at `y`.
struct TextBox {
  let label: Int
  let text: String
  /// The middle of the box.
  let x: Double
  var y: Double
  /// Half the width, as it is estimated.
  let halfWidth: Double
  /// The x at which the text begins, ends, or has its middle.
  let anchor: Double
  /// The value of `text-anchor` in SVG: `start`, `end` or `middle`.
  let anchorName: String

  /// The height of a line, and of the letters above their baseline.
  static let height = 13.0
  private static let ascent = 10.0

  /// Creates the box of a text whose middle is at a place if it does not reach beyond the chart.
  init(_ label: Int, _ text: String, x middle: Double, y: Double, within range: ClosedRange<Double>) {
    (self.label, self.text, self.y) = (label, text, y)
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

  /// Returns the box of a text beside a point of the chart, where it covers the fewest points and boxes placed before.
  static func beside(
    _ label: Int, _ text: String, _ point: (x: Double, y: Double), among points: [(x: Double, y: Double)],
    _ boxes: [TextBox], within range: ClosedRange<Double>
  ) -> TextBox {
    let away = width(of: text) / 2 + 7
    let places: [(x: Double, y: Double)] = [
      (away, 4), (-away, 4), (away, -6), (-away, -6), (away, 14), (-away, 14), (0, -10), (0, 18), (0, -23), (0, 31),
    ]
    let candidates = places.map { place in
      TextBox(
        label, text, x: point.x + place.x,
        y: min(max(point.y + place.y, range.lowerBound + ascent), range.upperBound - 2), within: range)
    }
    let costs = candidates.map { box in
      points.count { point in box.covers(point) } + 2 * boxes.count { other in box.overlaps(other) }
    }
    return candidates[costs.indices.min { one, other in costs[one] < costs[other] } ?? 0]
  }

  /// Returns the width of a text in bold letters of 12 units.
  static func width(of text: String) -> Double { TextFit.width(of: text, letter: TextFit.boldLetter) }

  /// True if a point is under the text, or touches it.
  private func covers(_ point: (x: Double, y: Double)) -> Bool {
    abs(point.x - x) < halfWidth + 1.5 && point.y > y - Self.ascent - 2 && point.y < y + 5
  }

  private func overlaps(_ other: TextBox) -> Bool {
    abs(x - other.x) < halfWidth + other.halfWidth && abs(y - other.y) < Self.height
  }

  /// Moves boxes vertically until none overlaps another, each as little as possible.
  static func separate(_ boxes: inout [TextBox], within range: ClosedRange<Double>) {
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
