import Foundation
import RunLogging
import Runs
import Testing

/// The watch that names a slow rank.
struct SlowRankTests {
  private typealias Work = SlowRankWatch.Work

  /// The work of ten steps, one turn each, from seconds of a step.
  private func work(_ seconds: [Double]) -> [Work] {
    seconds.map { seconds in Work(seconds: 10 * seconds, turns: 10) }
  }

  /// The comparisons, counted from 1, at which a rank is named.
  private func namings(_ intervals: [[Double]]) -> [(interval: Int, slow: SlowRankWatch.SlowRank)] {
    var watch = SlowRankWatch()
    return intervals.enumerated().compactMap { index, seconds in
      watch.slowRank(work(seconds), steps: 10).map { slow in (index + 1, slow) }
    }
  }

  @Test func `a rank is named after 200 steps, once, with what it costs`() throws {
    let found = namings(Array(repeating: [0.030, 0.028, 0.032, 0.042], count: 60))
    #expect(found.map(\.interval) == [20])
    let slow = try #require(found.first?.slow)
    // The median is the lower of the two middle ones.
    #expect((slow.rank, slow.steps) == (3, 200))
    #expect(abs(slow.ratio - 1.4) < 1e-9 && abs(slow.waitSeconds - 0.012) < 1e-9)
  }

  @Test func `less than 1.3 of the median names nobody`() {
    #expect(namings(Array(repeating: [1, 1, 1.29], count: 60)).isEmpty)
    #expect(namings(Array(repeating: [1, 1, 1.3], count: 60)).map(\.interval) == [20])
  }

  @Test func `of two ranks the slower is compared with the faster`() {
    let found = namings(Array(repeating: [0.027, 0.02], count: 20))
    #expect(found.map(\.slow.rank) == [0])
    #expect(namings(Array(repeating: [0.025, 0.02], count: 60)).isEmpty)
  }

  private static let (slow, even) = ([1.0, 1, 2], [1.0, 1, 1])

  @Test func `a rank may catch up now and then, but not half of the time`() {
    func every(_ period: Int) -> [[Double]] {
      (1...80).map { index in index.isMultiple(of: period) ? Self.even : Self.slow }
    }
    #expect(namings(every(4)).map(\.interval) == [20])
    #expect(namings(every(2)).isEmpty)
    // One long pause is no slow rank.
    #expect(namings((1...80).map { index in index == 30 ? [1, 1, 1000] : Self.even }).isEmpty)
  }

  @Test func `a rank that has recovered is named again, one that has not is not`() {
    func intervals(_ pause: Int) -> [[Double]] {
      Array(repeating: Self.slow, count: 25) + Array(repeating: Self.even, count: pause)
        + Array(repeating: Self.slow, count: 25)
    }
    // Slow in 14 of the last 20 intervals.
    #expect(namings(intervals(30)).map(\.interval) == [20, 69])
    #expect(namings(intervals(10)).map(\.interval) == [20])
  }

  @Test func `another slowest rank is another episode`() {
    let alternating = (0..<60).map { index in index.isMultiple(of: 2) ? [1.0, 1, 2] : [1, 2, 1] }
    #expect(namings(alternating).isEmpty)
    let moved = Array(repeating: [1.0, 1, 2], count: 30) + Array(repeating: [2.0, 1, 1], count: 30)
    let found = namings(moved)
    #expect(found.map(\.interval) == [20, 44] && found.map(\.slow.rank) == [2, 0])
  }

  @Test func `more shards make no rank slow, and a rank without a shard is not compared`() {
    var watch = SlowRankWatch()
    for _ in 0..<30 {
      let uneven = [Work(seconds: 1, turns: 10), Work(seconds: 2, turns: 20), Work(seconds: 1, turns: 10)]
      #expect(watch.slowRank(uneven, steps: 10) == nil)
    }
    // 150 steps, a partial batch, and 50 more.
    var partial: [SlowRankWatch.SlowRank] = []
    for index in 0..<21 {
      let own = index == 15 ? [Work(seconds: 1, turns: 10), Work(seconds: 0, turns: 0)] : work([1, 2])
      partial += [watch.slowRank(own, steps: 10)].compactMap { slow in slow }
    }
    #expect(partial.map(\.steps) == [200])
  }

  @Test func `the wait counts the slow rank's turns`() throws {
    var watch = SlowRankWatch()
    // 100 and 150 ms a shard, 3 shards a step.
    let own = [Work(seconds: 30, turns: 300), Work(seconds: 45, turns: 300)]
    _ = watch.slowRank(own, steps: 100)
    let named = watch.slowRank(own, steps: 100)
    let slow = try #require(named)
    #expect(abs(slow.waitSeconds - 0.15) < 1e-9 && abs(slow.ratio - 1.5) < 1e-9)
  }

  @Test func `the record says it in a sentence and by field`() {
    let slow = SlowRankWatch.SlowRank(rank: 3, ratio: 1.4, steps: 200, waitSeconds: 0.012)
    let record = SlowRankRecord(RankPace.NamedRank(rank: slow, host: "node-b"), step: 400, epoch: 2.5)
    #expect(
      record.line
        == "rank 3 on node-b is the slowest: 1.4 × the median for 200 steps; the others wait 12 ms a step")
    let line = MetricsLine(record, time: Date(timeIntervalSince1970: 0)).encoded()
    #expect(
      line
        == #"{"epoch":2.5,"host":"node-b","kind":"slow-rank","rank":3,"ratio":1.4,"step":400,"steps_counted":200,"time":"1970-01-01T00:00:00Z","wait_seconds":0.012}"#
    )
    #expect(record.curves.map(\.name) == ["ratio", "wait_seconds"])
  }
}
