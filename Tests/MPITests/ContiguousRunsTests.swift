import MPI
import Testing

struct ContiguousRunsTests {
  @Test func `runs cover everything once and differ by one at the most`() {
    for total in 0...40 {
      for parts in 1...12 {
        let runs = BlockPartition(total: total, parts: parts)
        #expect(runs.runs.count == parts)
        #expect(runs.runs.flatMap(Array.init) == Array(0..<total))
        let sizes = runs.runs.map(\.count)
        #expect(sizes.allSatisfy { size in size == total / parts || size == (total + parts - 1) / parts })
      }
    }
  }

  @Test func `runs follow one another`() {
    let runs = BlockPartition(total: 8, parts: 3)
    #expect(runs.runs == [0..<2, 2..<5, 5..<8])
    #expect(runs[1] == 2..<5)
  }

  @Test func `runs by weights cover everything once, none of them empty where there are enough`() {
    func counts(_ total: Int, _ weights: [Int]) -> [Int] {
      let runs = BlockPartition(total: total, weights: weights)
      #expect(runs.runs.flatMap(Array.init) == Array(0..<total), "\(total) by \(weights)")
      return runs.runs.map(\.count)
    }
    #expect(counts(8, [3, 1]) == [6, 2] && counts(16, [1, 7, 2]) == [1, 11, 4])
    // Weights that sum to the total are the sizes.
    #expect(counts(19, [7, 1, 9, 2]) == [7, 1, 9, 2])
    #expect(counts(4, [1, 1, 1, 90]) == [1, 1, 1, 1] && counts(5, [90, 1, 1, 1]) == [2, 1, 1, 1])
    #expect(counts(6, [1, 1, 90, 1]) == [1, 1, 3, 1] && counts(2, [5, 5, 5, 5]).reduce(0, +) == 2)
    for total in 0...30 {
      for weights in [[1], [2, 3], [1, 9, 1], [4, 4, 1, 7], [1_000_000, 1, 1, 1, 1]] {
        let found = counts(total, weights)
        #expect(found.count == weights.count)
        #expect(total < weights.count || found.allSatisfy { count in count > 0 }, "\(total) by \(weights)")
      }
    }
  }

  @Test func `owners beyond the number of things have empty runs`() {
    let runs = BlockPartition(total: 2, parts: 5)
    #expect(runs.runs.filter { run in !run.isEmpty }.count == 2)
    #expect(runs.runs.reduce(0) { sum, run in sum + run.count } == 2)
  }
}

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
