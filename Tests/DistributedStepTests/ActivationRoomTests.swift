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

  @Test func `threads have room of their own even without any memory`() {
    let room = ActivationRoom(byteCount: 0, shardByteCount: 100, shards: 4, threads: 2)
    #expect((room.keptCount, room.heldCount) == (0, 2))
  }
}
