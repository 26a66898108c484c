import FlatVectors
import Optimizers
import TestSupport
import Testing

/// The moving average of weights against its formula in float64.
@Suite struct ExponentialAverageTests {
  @Test(arguments: [0, 0.5, 0.99, 0.9999])
  func `averages are those of the formula in float64`(decay: Double) {
    var numbers = TestNumbers(seed: 3)
    let first = (0..<37).map { _ in Float(numbers.normal()) }
    var average = ExponentialAverage(decay: decay, parameters: FlatVector(first))
    var expected = first.map(Double.init)
    for step in 0..<200 {
      let parameters = (0..<37).map { _ in Float(numbers.normal()) }
      average.update(FlatVector(parameters), in: 0..<37)
      let kept = min(decay, Double(1 + step) / Double(10 + step))
      expected = zip(expected, parameters).map { old, new in kept * old + (1 - kept) * Double(new) }
      for (actual, reference) in zip(average.parameters, expected) {
        #expect(abs(Double(actual) - reference) < 2e-6, "step \(step)")
      }
    }
    #expect(average.updateCount == 200)
  }

  @Test func `an average updated in parts is that of the whole bit for bit`() {
    var numbers = TestNumbers(seed: 5)
    let first = (0..<37).map { _ in Float(numbers.normal()) }
    var whole = ExponentialAverage(decay: 0.9, parameters: FlatVector(first))
    let vector = FlatVector(first)
    // Two processes that share the vector and update a part each.
    var parts = [vector, vector].map { vector in ExponentialAverage(decay: 0.9, parameters: vector) }
    for _ in 0..<20 {
      let parameters = FlatVector((0..<37).map { _ in Float(numbers.normal()) })
      whole.update(parameters, in: 0..<37)
      parts[1].update(parameters, in: 11..<37)
      parts[0].update(parameters, in: 0..<11)
    }
    #expect(parts[0] == whole && parts[1] == whole)
  }

  @Test func `without decay the average is the last parameters`() {
    var average = ExponentialAverage(decay: 0, parameters: FlatVector([1, 2]))
    average.update(FlatVector([3, 5]), in: 0..<2)
    #expect(Array(average.parameters) == [3, 5])
  }

  @Test func `equal parameters keep the average bit for bit`() {
    let parameters = FlatVector([0.1, -3.7, 1e-20])
    var average = ExponentialAverage(decay: 0.999, parameters: FlatVector(parameters))
    for _ in 0..<50 {
      average.update(parameters, in: 0..<3)
    }
    #expect(average.parameters == parameters)
  }

  @Test func `an average from a checkpoint continues as the uninterrupted one`() {
    var whole = ExponentialAverage(decay: 0.9, parameters: FlatVector(count: 1))
    for step in 0..<5 {
      whole.update(FlatVector([Float(step)]), in: 0..<1)
    }
    var resumed = ExponentialAverage(
      decay: 0.9, parameters: FlatVector(whole.parameters), updateCount: whole.updateCount)
    for step in 5..<30 {
      whole.update(FlatVector([Float(step)]), in: 0..<1)
      resumed.update(FlatVector([Float(step)]), in: 0..<1)
    }
    #expect(resumed == whole)
  }
}
