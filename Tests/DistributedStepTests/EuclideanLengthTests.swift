import DistributedStep
import Testing

/// The length of gradients.
struct EuclideanLengthTests {
  @Test(arguments: [0, 1, 7, 8, 9, 1000]) func `it is that of float64`(count: Int) {
    let elements = (0..<count).map { index in Float(index % 13) - 6.25 }
    let squares = elements.reduce(0) { sum, element in sum + Double(element) * Double(element) }
    #expect(elements.span.euclideanLength == squares.squareRoot())
  }

  @Test func `large and small elements neither overflow nor vanish`() {
    let elements: [Float] = [3e30, 4e30, 1e-30]
    #expect(abs(elements.span.euclideanLength / 5e30 - 1) < 1e-6)
    #expect(([1e-30, 0] as [Float]).span.euclideanLength > 0)
  }
}
