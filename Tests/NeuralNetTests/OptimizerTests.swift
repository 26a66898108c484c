import Foundation
import NeuralNet
import Testing

@Suite struct StochasticGradientDescentTests {
  private struct Case: Decodable {
    let momentum: Float
    let usesNesterov: Bool
    let weightDecay: Float
    let parameters: Reference
    let velocity: Reference
  }

  // Three steps of a few float32 operations each.
  @Test func matchesPyTorch() throws {
    let cases: [Case] = try fixture("optimizer")
    #expect(cases.count == 4)
    for expected in cases {
      var optimizer = StochasticGradientDescent(
        parameterCount: 40, momentum: expected.momentum, weightDecay: expected.weightDecay,
        usesNesterov: expected.usesNesterov)
      var parameters = noise("parameters", 40)
      for (step, rate) in [Float(0.5), 0.25, 0.125].enumerated() {
        let gradient = noise("gradient \(step)", 40)
        optimizer.update(&parameters, gradient: gradient.span, learningRate: rate)
      }
      #expect(expected.parameters.error(of: parameters) < 5e-7, "\(expected.momentum) \(expected.usesNesterov)")
      #expect(expected.velocity.error(of: optimizer.velocity) < 5e-7, "\(expected.momentum) \(expected.usesNesterov)")
    }
  }

  // Powers of two: m is 1, then 1.5, then 1.75; every step is exact.
  @Test(arguments: [(false, -4.25 as Float), (true, -5.125)])
  func constantGradientGivesGeometricSeries(usesNesterov: Bool, end: Float) {
    var optimizer = StochasticGradientDescent(
      parameterCount: 1, momentum: 0.5, weightDecay: 0, usesNesterov: usesNesterov)
    var parameters: [Float] = [0]
    let gradient: [Float] = [1]
    for _ in 0..<3 {
      optimizer.update(&parameters, gradient: gradient.span, learningRate: 1)
    }
    #expect(optimizer.velocity == [1.75])
    #expect(parameters == [end])
  }
}

@Suite struct CosineScheduleTests {
  @Test(arguments: [(0, 100), (10, 100), (7, 53), (100, 100), (1, 1)])
  func matchesClosedForm(warmupSteps: Int, steps: Int) {
    let schedule = CosineSchedule(peak: 0.5, warmupSteps: warmupSteps, steps: steps)
    for step in 0..<steps {
      // ½(1 + cos x) is cos²(x / 2).
      let half = cos(.pi * Double(step) / Double(2 * steps))
      let rise = step < warmupSteps ? Double(step + 1) / Double(warmupSteps) : 1
      let expected = 0.5 * rise * half * half
      #expect(abs(Double(schedule.learningRate(atStep: step)) - expected) < 1e-7, "step \(step)")
    }
  }

  @Test func landmarks() {
    let plain = CosineSchedule(peak: 0.1, warmupSteps: 0, steps: 1000)
    #expect(plain.learningRate(atStep: 0) == 0.1)
    #expect(abs(plain.learningRate(atStep: 500) - 0.05) < 1e-8)
    #expect(plain.learningRate(atStep: 1000) == 0)
    let warm = CosineSchedule(peak: 0.1, warmupSteps: 10, steps: 1000)
    // The first step already takes a tenth of the peak, the tenth the whole of it.
    #expect(warm.learningRate(atStep: 0) == 0.01)
    #expect(warm.learningRate(atStep: 9) == plain.learningRate(atStep: 9))
    #expect(warm.learningRate(atStep: 10) == plain.learningRate(atStep: 10))
  }
}
