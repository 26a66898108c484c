import DistributedStep
import Testing

struct ActivationBudgetTests {
  @Test func `every shard keeps its activations where there is memory for all`() {
    let budget = ActivationBudget(byteCount: 400, shardByteCount: 100, shards: 4, threads: 2)
    #expect(budget.isKeepingAll)
    #expect((budget.keptCount, budget.heldCount) == (4, 4))
  }

  @Test func `threads share what is left where there is not`() {
    let budget = ActivationBudget(byteCount: 399, shardByteCount: 100, shards: 4, threads: 2)
    #expect(!budget.isKeepingAll)
    #expect((budget.keptCount, budget.heldCount) == (1, 3))
  }

  @Test func `shards side by side keep all activations as far as the block outputs of the others leave memory`() {
    func counts(_ byteCount: Int, blockOutputs: Int = 40) -> [Int] {
      let budget = ActivationBudget(
        byteCount: byteCount, shardByteCount: 100, blockOutputByteCount: blockOutputs, shards: 4)
      #expect(budget.isKeepingAll == (budget.keptCount == 4))
      #expect(budget.byteCount(shard: 100, blockOutputs: blockOutputs) <= max(byteCount, 4 * blockOutputs))
      return [budget.keptCount, budget.blockOutputShardCount]
    }
    #expect(counts(400) == [4, 0])
    #expect(counts(399) == [3, 1])
    #expect(counts(219) == [0, 4])
    #expect(counts(0) == [0, 4])
    // Where an blockOutputs takes as much, nothing is gained by it.
    #expect(counts(400, blockOutputs: 100) == [4, 0])
  }

  @Test func `threads have activations of their own even without any memory`() {
    let budget = ActivationBudget(byteCount: 0, shardByteCount: 100, shards: 4, threads: 2)
    #expect((budget.keptCount, budget.heldCount) == (0, 2))
  }
}
