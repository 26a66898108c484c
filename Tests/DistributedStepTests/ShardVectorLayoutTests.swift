import DistributedStep
import Testing

struct ShardVectorLayoutTests {
  private let layout = ShardVectorLayout(parameterCount: 4 << 20, statisticCount: 8, isClassifying: false)

  @Test func `a vector has gradients, statistics, loss and stop flag`() {
    #expect(layout.count == (4 << 20) + 8 + 2)
    let classifying = ShardVectorLayout(parameterCount: 10, statisticCount: 8, isClassifying: true)
    #expect(classifying.count == 10 + 8 + 4)
  }
}
