import Contrastive
import Foundation
import Testing

struct ExponentialTests {
  @Test func `the float exponential is right to a millionth`() {
    var largest = 0.0
    for index in 0...1_000_000 {
      let exponent = -87 * Float(index) * 1e-6
      let expected = exp(Double(exponent))
      largest = max(largest, abs(Double(Float.exponential(exponent)) - expected) / expected)
    }
    #expect(largest < 1e-6, "relative error \(largest)")
    // Measured: 1.4e-7, just above the spacing of float32.
    #expect(largest < 2.5e-7, "relative error \(largest)")
  }

  @Test func `values known by name`() {
    #expect(Float.exponential(0) == 1)
    #expect(Double.exponential(0) == 1)
    #expect(abs(Float.exponential(1) - 2.718_281_8) < 1e-6)
    #expect(abs(Float.exponential(80) / Float(exp(80.0)) - 1) < 1e-6)
  }

  @Test func `far below it vanishes, without becoming zero divided by zero`() {
    for exponent: Float in [-87.1, -1e4, -.greatestFiniteMagnitude, -.infinity] {
      let value = Float.exponential(exponent)
      #expect(value >= 0 && value < 2e-38)
    }
    #expect(Float.exponential(.nan).isNaN)
  }
}
