import MPI
import Testing

/// The additions of the reduction tree.
struct AccumulationTests {
  @Test func `vectors are added element by element`() {
    let addend = (0..<19).map(Float.init)
    var sums = (0..<19).map { index in Float(100 * index) }
    var span = sums.mutableSpan
    Float.accumulate(addend.span, into: &span)
    #expect(sums == (0..<19).map { index in Float(101 * index) })
  }

  @Test func `doubles keep what floats would lose`() {
    var sums = [1.0]
    let addend = [0x1p-50]
    var span = sums.mutableSpan
    Double.accumulate(addend.span, into: &span)
    #expect(sums == [1 + 0x1p-50])
  }
}
