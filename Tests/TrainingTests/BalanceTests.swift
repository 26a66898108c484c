import Testing
import Training

/// The shards of each rank by its speed.
struct BalanceTests {
  private func shares(_ shards: Int, _ seconds: [Double], threads: Int = 1) -> BalanceSearch.Shares? {
    BalanceSearch.shares(shards, secondsOfShard: seconds, threads: threads)
  }

  @Test func `a slow rank gets fewer shards`() throws {
    let found = try #require(shares(12, [1, 1, 2]))
    // 5 and 5 seconds, and 2 × 2; evenly 4, 4 and 8.
    #expect(found.shards == [5, 5, 2] && found.time == 5.0 / 8)
    #expect(shares(8, [3, 1])?.shards == [2, 6])
    #expect(shares(2, [1, 100])?.shards == nil, "each rank has a shard at least")
  }

  @Test func `hardly faster shares are not adopted`() {
    #expect(shares(8, [1, 1, 1, 1]) == nil && shares(40, [1, 1.04]) == nil)
    // With a shard each there is nothing to move.
    #expect(shares(4, [1, 2, 1, 1]) == nil)
    #expect(shares(8, [1, .infinity]) == nil && shares(8, [0, 1]) == nil)
  }

  @Test func `threads compute as many shards at a time`() {
    // 16 shards: turns of 4; the slow rank has one of 2 seconds, the others two or three of 1.
    #expect(shares(24, [1, 1, 2], threads: 4)?.shards == [12, 8, 4])
    #expect(shares(16, [1, 2], threads: 4)?.time == 3.0 / 4)
  }

  /// No division of few shards is done earlier: all of them are tried.
  @Test func `no other division is faster`() throws {
    for seconds in [[1.0, 2.5, 1.3], [0.7, 0.9, 4], [1, 1, 3]] {
      for shards in 4...11 {
        for threads in 1...2 {
          func time(_ counts: [Int]) -> Double {
            zip(counts, seconds).map { count, seconds in seconds * Double((count + threads - 1) / threads) }.max() ?? 0
          }
          var best = Double.infinity
          for first in 1..<shards - 1 {
            for second in 1..<shards - first {
              best = min(best, time([first, second, shards - first - second]))
            }
          }
          if let found = shares(shards, seconds, threads: threads) {
            #expect(time(found.shards) == best && found.shards.reduce(0, +) == shards, "\(shards), \(seconds)")
          }
        }
      }
    }
  }
}
