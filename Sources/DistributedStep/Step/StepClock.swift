import Job
import MPI
import Synchronization

/// A clock that measures the time and the received bytes of each part of one training step on this rank.
final class StepClock: Sendable {
  private struct State {
    var seconds = [Double](repeating: 0, count: StepPart.allCases.count)
    var receivedByteCounts = [Int](repeating: 0, count: StepPart.allCases.count)
    var volume: CommunicationVolume
    var lastMark = ProcessMeasurements.now()
    var measuredSinceMark = 0.0
    var receivedSinceMark = 0
  }

  /// The time and the communication volume at the start of messages within a part of the step.
  struct MessageStart {
    fileprivate let seconds = ProcessMeasurements.now()
    fileprivate let volume: CommunicationVolume
  }

  private let state: Mutex<State>
  private let threads: Int
  private let activity: Activity
  private let step: Int

  /// Starts the clock.
  ///
  /// - Parameters:
  ///   - threads: The number of threads that share the work timed by ``measure(_:_:)``.
  ///   - activity: This rank's communication counters; through them the watchdog also sees the current part.
  ///   - step: The number of the step, counted from 1, for messages.
  init(threads: Int, activity: Activity, step: Int) {
    self.threads = threads
    self.activity = activity
    state = Mutex(State(volume: activity.communicationVolume))
    self.step = step
    activity.begin("step \(step), \(StepPart.forward.name)")
  }

  /// Times a part of the step, from the end of the previous part to the end of `body`, minus the time assigned to other
  /// parts by ``measure(_:_:)``.
  ///
  /// - Parameters:
  ///   - part: The part of the step.
  ///   - continues: True if the part overlaps the next one and ends with a later call of ``end(_:)``.
  ///   - body: The work to time.
  /// - Returns: The result of `body`.
  /// - Throws: The error of `body`.
  func time<Result>(_ part: StepPart, continues: Bool = false, _ body: () throws -> Result) rethrows -> Result {
    let result = try body()
    if !continues {
      end(part)
    }
    return result
  }

  /// Ends a part of the step, so that the next one begins.
  func end(_ part: StepPart) {
    let now = ProcessMeasurements.now()
    let volume = activity.communicationVolume
    if let next = StepPart(rawValue: part.rawValue + 1) {
      activity.begin("step \(step), \(next.name)")
    }
    state.withLock { state in
      state.receivedByteCounts[part.rawValue] +=
        volume.since(state.volume).receivedByteCount - state.receivedSinceMark
      state.volume = volume
      state.seconds[part.rawValue] += max(now - state.lastMark - state.measuredSinceMark, 0)
      state.lastMark = now
      state.measuredSinceMark = 0
      state.receivedSinceMark = 0
    }
  }

  /// Returns the state of the clock before messages within a part, for which all threads of the rank wait.
  func startMessages() -> MessageStart { MessageStart(volume: activity.communicationVolume) }

  /// Moves the time and received bytes since `start` from the current part to `part`, after messages.
  func endMessages(_ part: StepPart, since start: MessageStart) {
    let seconds = ProcessMeasurements.now() - start.seconds
    let received = activity.communicationVolume.since(start.volume).receivedByteCount
    state.withLock { state in
      state.seconds[part.rawValue] += seconds
      state.measuredSinceMark += seconds
      state.receivedByteCounts[part.rawValue] += received
      state.receivedSinceMark += received
    }
  }

  /// Times work that a single thread does for `part` during another part; a second of one thread counts as 1 ÷ threads
  /// seconds of the step.
  func measure<Result>(_ part: StepPart, _ body: () throws -> Result) rethrows -> Result {
    let start = ProcessMeasurements.now()
    defer {
      let seconds = (ProcessMeasurements.now() - start) / Double(threads)
      state.withLock { state in
        state.seconds[part.rawValue] += seconds
        state.measuredSinceMark += seconds
      }
    }
    return try body()
  }

  /// The bytes received from other ranks in each part of the step, at the index of its ``StepPart/rawValue``.
  var receivedByteCounts: [Int] {
    state.withLock { state in state.receivedByteCounts }
  }

  /// The seconds of each part of the step, at the index of its ``StepPart/rawValue``.
  var seconds: [Double] {
    state.withLock { state in state.seconds }
  }
}
