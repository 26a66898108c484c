import NeuralNet
import Optimizers
import TestSupport
import Testing

/// The moving average of weights against its formula in float64.
@Suite struct ExponentialAverageTests {
  @Test(arguments: [0, 0.5, 0.99, 0.9999])
  func `averages are those of the formula in float64`(decay: Double) {
    var numbers = TestNumbers(seed: 3)
    let first = (0..<37).map { _ in Float(numbers.normal()) }
    var average = ExponentialAverage(decay: decay, parameters: first)
    var expected = first.map(Double.init)
    for step in 0..<200 {
      let parameters = (0..<37).map { _ in Float(numbers.normal()) }
      average.update(parameters)
      let kept = min(decay, Double(1 + step) / Double(10 + step))
      expected = zip(expected, parameters).map { old, new in kept * old + (1 - kept) * Double(new) }
      for (actual, reference) in zip(average.parameters, expected) {
        #expect(abs(Double(actual) - reference) < 2e-6, "step \(step)")
      }
    }
    #expect(average.updateCount == 200)
  }

  @Test func `without decay the average is the last parameters`() {
    var average = ExponentialAverage(decay: 0, parameters: [1, 2])
    average.update([3, 5])
    #expect(average.parameters == [3, 5])
  }

  @Test func `equal parameters keep the average bit for bit`() {
    let parameters: [Float] = [0.1, -3.7, 1e-20]
    var average = ExponentialAverage(decay: 0.999, parameters: parameters)
    for _ in 0..<50 {
      average.update(parameters)
    }
    #expect(average.parameters == parameters)
  }

  @Test func `an average from a checkpoint continues as the uninterrupted one`() {
    var whole = ExponentialAverage(decay: 0.9, parameters: [0])
    for step in 0..<5 {
      whole.update([Float(step)])
    }
    var resumed = ExponentialAverage(decay: 0.9, parameters: whole.parameters, updateCount: whole.updateCount)
    for step in 5..<30 {
      whole.update([Float(step)])
      resumed.update([Float(step)])
    }
    #expect(resumed == whole)
  }
}
