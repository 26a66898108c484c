import Configuration

/// The durations of an invocation's steps, in seconds, with a median that costs little after each step of a long run.
package struct StepDurations {
  /// The number of first steps left out of the median, since they warm caches.
  private static let stepsLeftOut = 3

  /// The duration of the last step; 0 before the first.
  package private(set) var last = 0.0

  private var first: [Double] = []
  /// The durations after the first ones, ascending.
  private var sorted: [Double] = []

  /// No durations yet.
  package init() {}

  /// Appends the duration of a step.
  package mutating func append(_ seconds: Double) {
    last = seconds
    guard first.count == Self.stepsLeftOut else { return first.append(seconds) }
    var (lower, upper) = (0, sorted.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if sorted[middle] < seconds {
        lower = middle + 1
      } else {
        upper = middle
      }
    }
    sorted.insert(seconds, at: lower)
  }

  /// The median without the first three steps, or of these where there are no more; `nil` before the first step.
  package var typical: Double? { sorted.isEmpty ? median(first) : median(ofSorted: sorted) }
}
