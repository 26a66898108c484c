import Datasets
import KeyedRandomness
import TestSupport
import Testing

struct SampleOrderTests {
  @Test(arguments: [0, 1, 2, 3, 100, 50_000])
  func `every sample comes once`(count: Int) {
    let order = SampleOrder.permutation(of: count, seed: 3, epoch: 0)
    #expect(order.sorted() == (0..<Int32(count)).map { index in index })
  }

  @Test func `seed, epoch and stage give other orders, the same ones the same`() {
    let order = SampleOrder.permutation(of: 1000, seed: 3, epoch: 4)
    #expect(order == SampleOrder.permutation(of: 1000, seed: 3, epoch: 4))
    #expect(order != SampleOrder.permutation(of: 1000, seed: 3, epoch: 5))
    #expect(order != SampleOrder.permutation(of: 1000, seed: 4, epoch: 4))
    #expect(order != SampleOrder.permutation(of: 1000, seed: 3 + 1 << 32, epoch: 4))
    #expect(order != SampleOrder.permutation(of: 1000, seed: 3, epoch: 4, purpose: .linearSampleOrder))
  }

  @Test func `all orders of four samples are equally likely`() {
    var counts: [[Int32]: Int] = [:]
    for epoch in 0..<24_000 {
      counts[SampleOrder.permutation(of: 4, seed: 9, epoch: epoch), default: 0] += 1
    }
    #expect(counts.count == 24)
    #expect(chiSquare(Array(counts.values)) < chiSquareLimit(degreesOfFreedom: 23))
  }

  @Test func `every sample is as likely at every place`() {
    var counts = [Int](repeating: 0, count: 400)
    for epoch in 0..<4000 {
      for (place, sample) in SampleOrder.permutation(of: 20, seed: 10, epoch: epoch).enumerated() {
        counts[place * 20 + Int(sample)] += 1
      }
    }
    // Rows and columns add up by construction: (20 − 1)² degrees of freedom.
    #expect(chiSquare(counts) < chiSquareLimit(degreesOfFreedom: 361))
  }
}
