/// The durations in seconds of the steps of this process, with a median that is cheap to update in a long run.
package struct StepDurations {
  /// The number of initial steps that the median ignores, because they warm the caches.
  private static let stepsLeftOut = 3

  /// The duration of the last step in seconds; 0 before the first.
  package private(set) var last = 0.0

  private var first: [Double] = []
  /// The durations after the initial ones, ascending.
  private var sorted: [Double] = []

  /// Creates a value before the first step.
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

  /// The median duration of the steps, without the initial ones if there are others; `nil` before the first step.
  package var typical: Double? { sorted.isEmpty ? median(first) : median(ofSorted: sorted) }
}
