import MPI
import Testing

/// The division of items into contiguous ranges, by number and by weights.
struct BlockPartitionTests {
  @Test func `ranges cover everything once and differ by one at the most`() {
    for total in 0...40 {
      for parts in 1...12 {
        let partition = BlockPartition(total: total, parts: parts)
        #expect(partition.ranges.count == parts)
        #expect(partition.ranges.flatMap(Array.init) == Array(0..<total))
        let sizes = partition.ranges.map(\.count)
        #expect(sizes.allSatisfy { size in size == total / parts || size == (total + parts - 1) / parts })
      }
    }
  }

  @Test func `ranges follow one another`() {
    let partition = BlockPartition(total: 8, parts: 3)
    #expect(partition.ranges == [0..<2, 2..<5, 5..<8])
    #expect(partition[1] == 2..<5)
  }

  @Test func `ranges by weights cover everything once, none of them empty where there are enough`() {
    func counts(_ total: Int, _ weights: [Int]) -> [Int] {
      let partition = BlockPartition(total: total, weights: weights)
      #expect(partition.ranges.flatMap(Array.init) == Array(0..<total), "\(total) by \(weights)")
      return partition.ranges.map(\.count)
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

  @Test func `owners beyond the number of items have empty ranges`() {
    let partition = BlockPartition(total: 2, parts: 5)
    #expect(partition.ranges.filter { range in !range.isEmpty }.count == 2)
    #expect(partition.ranges.reduce(0) { sum, range in sum + range.count } == 2)
  }
}
