import DistributedStep
import Testing

struct ShardVectorLayoutTests {
  private let layout = ShardVectorLayout(parameterCount: 4 << 20, statisticCount: 8, isClassifying: false)

  @Test func `a vector has gradients, statistics, loss and stop flag`() {
    #expect(layout.count == (4 << 20) + 8 + 2)
    let classifying = ShardVectorLayout(parameterCount: 10, statisticCount: 8, isClassifying: true)
    #expect(classifying.count == 10 + 8 + 4)
  }

  @Test func `pieces have at least 4 MiB and begin at 0`() {
    #expect(layout.pieces(at: [0, 1 << 20, 2 << 20, 3 << 20]) == [0, 1 << 20, 2 << 20, 3 << 20])
    #expect(layout.pieces(at: [0, 1 << 19, 2 << 20]) == [0, 2 << 20])
    #expect(layout.pieces(at: [0]) == [0])
  }

  @Test func `a short vector is one piece`() {
    let short = ShardVectorLayout(parameterCount: 1000, statisticCount: 8, isClassifying: true)
    #expect(short.pieces(at: [0, 300, 600]) == [0])
  }
}
