import Configuration
import TestSupport
import Testing
import Training

/// The durations of steps.
struct StepDurationsTests {
  @Test func `the typical duration is the median without the first three steps`() {
    var numbers = TestNumbers(seed: 7)
    var durations = StepDurations()
    #expect(durations.typical == nil && durations.last == 0)
    var all: [Double] = []
    for step in 1...40 {
      // Few different values, so that some are equal.
      let seconds = Double(numbers.next() % 9)
      durations.append(seconds)
      all.append(seconds)
      #expect(durations.last == seconds)
      #expect(durations.typical == median(step > 3 ? Array(all.dropFirst(3)) : all), "after \(step) steps")
    }
  }
}
