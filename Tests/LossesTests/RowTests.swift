import Losses
import Testing

struct RowBlocksTests {
  @Test func `ranks own whole shards that cover all rows once`() {
    for rowCount in [1, 2, 31, 32, 33, 203, 1500] {
      for rowsPerShard in [1, 24, 128] {
        for ranks in 1...9 {
          let blocks = RowBlocks(rowCount: rowCount, rowsPerShard: rowsPerShard, ranks: ranks)
          let rows = (0..<ranks).flatMap { rank in Array(blocks.rows(ofRank: rank)) }
          #expect(rows == Array(0..<rowCount))
          for rank in 0..<ranks {
            let ofShards = blocks.shards[rank].flatMap { shard in Array(blocks.rows(ofShard: shard)) }
            #expect(ofShards == Array(blocks.rows(ofRank: rank)))
          }
        }
      }
    }
  }
}

struct RowClassesTests {
  @Test func `classes are numbered as they appear`() {
    let classes = RowClasses(labels: [7, -1, 7, 3, -1, 7])
    #expect(classes.classOfRow == [0, 1, 0, 2, 1, 0])
    #expect(classes.counts == [3, 2, 1])
    #expect(classes.rowCount == 6)
  }

  @Test func `the views of a sample lie a whole set of samples apart`() {
    let classes = RowClasses(rowCount: 9, views: 3)
    #expect(classes.classOfRow == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    #expect(classes.counts == [3, 3, 3])
  }
}

struct RowOrderTests {
  @Test func `groups hold view after view`() {
    let layout = RowOrder(samplesPerGroup: 2, views: 3)
    #expect((0..<12).map { row in layout.sample(ofRow: row) } == [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3])
    #expect((0..<12).map { row in layout.view(ofRow: row) } == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2])
    let single = RowOrder(samplesPerGroup: 7, views: 1)
    #expect((0..<7).map { row in single.sample(ofRow: row) } == Array(0..<7))
  }
}
