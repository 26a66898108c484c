import Configuration

/// A linear axis of a chart, with round numbers as ticks.
package struct Axis {
  /// The values that percentages can have.
  package static let percentages: ClosedRange<Double> = 0...100

  let low: Double
  let high: Double
  /// The values that get a tick and a label.
  package let ticks: [Double]
  /// The texts at the ticks, with as many decimals as they need to differ.
  package let labels: [String]
  /// The left edge of a plot with this vertical axis: room for its title, and for the labels at 7 units a character.
  let left: Double

  /// Creates an axis that contains all values.
  ///
  /// - Parameters:
  ///   - values: The values; NaN and infinity are ignored.
  ///   - count: The approximate number of ticks.
  ///   - includesZero: True if the axis must contain 0.
  ///   - limits: The values that all values lie in, and that the axis does not go beyond; `nil` for any.
  package init(
    _ values: some Sequence<Double>, count: Int, includesZero: Bool = false, limits: ClosedRange<Double>? = nil
  ) {
    let finite = values.filter(\.isFinite)
    var low = finite.min() ?? 0
    var high = finite.max() ?? 1
    if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
    var single: Double?
    if high - low <= 1e-12 * max(abs(low), abs(high)) {
      if let limits {
        let margin = 0.05 * (limits.upperBound - limits.lowerBound)
        // A value that rounding put beyond the limits is on the axis too.
        low = min(low, max(low - margin, limits.lowerBound))
        high = max(high, min(high + margin, limits.upperBound))
      } else {
        // It alone gets a tick: those around it would say nothing, such as epoch 0.96.
        let margin = low == 0 ? 1 : abs(low) * 0.05
        single = low
        (low, high) = (low - margin, low + margin)
      }
    }
    let step = Self.roundStep((high - low) / Double(max(count, 1)))
    (self.low, self.high) = (low, high)
    let first = (low / step).rounded(.up)
    let round = (0...2 * count + 2).map { index in (first + Double(index)) * step }.filter { tick in
      tick <= high + 1e-9 * (high - low)
    }
    let ticks = single.map { value in [value] } ?? round
    let texts = [ticks.map(short)] + (0...12).map { places in ticks.map { tick in decimal(tick, places) } }
    self.ticks = ticks
    labels = texts.first { texts in Set(texts).count == ticks.count } ?? texts[0]
    left = max(56, 26 + 7 * Double(labels.map(\.count).max() ?? 0))
  }

  /// Returns the position of a value, from 0 at ``low`` to 1 at ``high``.
  func position(_ value: Double) -> Double { (value - low) / (high - low) }

  /// Returns the smallest number of the form 1, 2 or 5 times a power of ten that is at least `step`.
  static func roundStep(_ step: Double) -> Double {
    var power = 1.0
    while power > step { power /= 10 }
    while power * 10 <= step { power *= 10 }
    return [1, 2, 5, 10].map { factor in factor * power }.first { candidate in candidate >= step * 0.999 } ?? power * 10
  }
}
