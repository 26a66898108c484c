import DistributedStep
import Testing

/// The search for NaN and infinity in a vector.
struct SpanFinitenessTests {
  private func isFinite(_ elements: [Float]) -> Bool { elements.span.isFinite }

  @Test(arguments: [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity])
  func `one number that is not finite is found at any place`(number: Float) {
    for place in [0, 6, 63, 99] {
      var elements = [Float](repeating: .greatestFiniteMagnitude, count: 100)
      #expect(isFinite(elements))
      elements[place] = number
      #expect(!isFinite(elements), "\(place)")
    }
  }

  @Test func `a vector of nothing, and one of the smallest and largest numbers, is finite`() {
    #expect(isFinite([]))
    #expect(isFinite([0, -0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude]))
  }
}
