import KeyedRandomness

/// Numbers of which one is drawn, all equally likely; a single one if both bounds are the same.
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
