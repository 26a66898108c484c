import DistributedStep
import Testing

struct ActivationRoomTests {
  @Test func `every shard keeps its activations where there is memory for all`() {
    let room = ActivationRoom(byteCount: 400, shardByteCount: 100, shards: 4, threads: 2)
    #expect(room.isKeepingAll)
    #expect((room.keptCount, room.heldCount) == (4, 4))
  }

  @Test func `threads share what is left where there is not`() {
    let room = ActivationRoom(byteCount: 399, shardByteCount: 100, shards: 4, threads: 2)
    #expect(!room.isKeepingAll)
    #expect((room.keptCount, room.heldCount) == (1, 3))
  }

  @Test func `shards side by side keep all activations as far as the outlines of the others leave room`() {
    func counts(_ byteCount: Int, outline: Int = 40) -> [Int] {
      let room = ActivationRoom(byteCount: byteCount, shardByteCount: 100, outlineByteCount: outline, shards: 4)
      #expect(room.isKeepingAll == (room.keptCount == 4))
      #expect(room.byteCount(shard: 100, outline: outline) <= max(byteCount, 4 * outline))
      return [room.keptCount, room.outlinedCount]
    }
    #expect(counts(400) == [4, 0])
    #expect(counts(399) == [3, 1])
    #expect(counts(219) == [0, 4])
    #expect(counts(0) == [0, 4])
    // Where an outline takes as much, nothing is gained by it.
    #expect(counts(400, outline: 100) == [4, 0])
  }

  @Test func `threads have room of their own even without any memory`() {
    let room = ActivationRoom(byteCount: 0, shardByteCount: 100, shards: 4, threads: 2)
    #expect((room.keptCount, room.heldCount) == (0, 2))
  }
}
