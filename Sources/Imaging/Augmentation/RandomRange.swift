import KeyedRandomness

/// A range from which a number is drawn uniformly; a constant if both bounds are equal.
struct RandomRange: Sendable, Equatable {
  var lower: Double
  var upper: Double

  init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  func draw(_ stream: inout RandomStream) -> Double {
    lower + (upper - lower) * Double(stream.nextUniform())
  }
}
