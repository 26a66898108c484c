import Foundation
import NeuralNet
import Synchronization

/// Runs `body` for each shard on a thread of its own, with a group in which their statistics are summed in the order of
/// the shards.
func sideBySide(_ count: Int, _ body: @escaping (_ shard: Int, _ group: any BatchNormGroup) throws -> Void) throws {
  let meeting = Meeting(count)
  let errors = Mutex<[any Error]>([])
  let threads = DispatchGroup()
  // Each call has a shard of its own.
  nonisolated(unsafe) let body = body
  for shard in 0..<count {
    threads.enter()
    Thread.detachNewThread {
      defer { threads.leave() }
      do {
        unsafe try body(shard, meeting.seat(shard))
      } catch {
        errors.withLock { errors in errors.append(error) }
      }
    }
  }
  threads.wait()
  if let error = errors.withLock({ errors in errors.first }) {
    throw error
  }
}

/// A barrier at which vectors are summed.
private final class Meeting: @unchecked Sendable {
  private let condition = NSCondition()
  private var vectors: [[Double]]
  private var sum: [Double] = []
  private var arrived = 0
  private var turn = 0

  private final class Seat: BatchNormGroup {
    let meeting: Meeting
    let shard: Int

    init(_ meeting: Meeting, _ shard: Int) {
      self.meeting = meeting
      self.shard = shard
    }

    func sum(_ vector: [Double]) -> [Double] { meeting.sum(vector, of: shard) }
  }

  init(_ count: Int) {
    vectors = Array(repeating: [], count: count)
  }

  func seat(_ shard: Int) -> any BatchNormGroup { Seat(self, shard) }

  private func sum(_ vector: [Double], of shard: Int) -> [Double] {
    condition.lock()
    defer { condition.unlock() }
    vectors[shard] = vector
    arrived += 1
    let own = turn
    if arrived == vectors.count {
      sum = vectors.dropFirst().reduce(vectors[0]) { sum, vector in zip(sum, vector).map(+) }
      arrived = 0
      turn += 1
      condition.broadcast()
    }
    while turn == own {
      condition.wait()
    }
    return sum
  }
}
