import Configuration
import MPI
import Synchronization

/// The seconds and received bytes of the parts of one step on this rank.
final class StepClock: Sendable {
  private struct State {
    var seconds = [Double](repeating: 0, count: StepPart.allCases.count)
    var receivedByteCounts = [Int](repeating: 0, count: StepPart.allCases.count)
    var traffic: Traffic
    var lastMark = ProcessMeasurements.now()
    var measuredSinceMark = 0.0
    var receivedSinceMark = 0
  }

  /// The beginning of messages within a part.
  struct MessageStart {
    fileprivate let seconds = ProcessMeasurements.now()
    fileprivate let traffic: Traffic
  }

  private let state: Mutex<State>
  private let threads: Int
  private let activity: Activity
  private let step: Int

  /// Starts now.
  ///
  /// - Parameters:
  ///   - threads: The number of threads that share the work inside ``measure(_:_:)``.
  ///   - activity: This rank's traffic counters, which also show the part in progress to the watchdog.
  ///   - step: The step's number.
  package init(threads: Int, activity: Activity, step: Int) {
    self.threads = threads
    self.activity = activity
    state = Mutex(State(traffic: activity.traffic))
    self.step = step
    activity.begin("step \(step), \(StepPart.forward.name)")
  }

  /// Times a part: from the end of the previous part to the end of `body`, less the time assigned to others by ``measure(_:_:)``.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - continues: True if the part overlaps the next one, until ``end(_:)``.
  ///   - body: The work.
  /// - Returns: The result of `body`.
  /// - Throws: The error of `body`.
  func time<Result>(_ part: StepPart, continues: Bool = false, _ body: () throws -> Result) rethrows -> Result {
    let result = try body()
    if !continues {
      end(part)
    }
    return result
  }

  /// Ends a part; the next one begins.
  func end(_ part: StepPart) {
    let now = ProcessMeasurements.now()
    let traffic = activity.traffic
    if let next = StepPart(rawValue: part.rawValue + 1) {
      activity.begin("step \(step), \(next.name)")
    }
    state.withLock { state in
      state.receivedByteCounts[part.rawValue] +=
        traffic.since(state.traffic).receivedByteCount - state.receivedSinceMark
      state.traffic = traffic
      state.seconds[part.rawValue] += max(now - state.lastMark - state.measuredSinceMark, 0)
      state.lastMark = now
      state.measuredSinceMark = 0
      state.receivedSinceMark = 0
    }
  }

  /// Begins messages within a part, for which all threads of the rank wait.
  func startMessages() -> MessageStart { MessageStart(traffic: activity.traffic) }

  /// Ends them; their time and bytes are another part's.
  func endMessages(_ part: StepPart, since start: MessageStart) {
    let seconds = ProcessMeasurements.now() - start.seconds
    let received = activity.traffic.since(start.traffic).receivedByteCount
    state.withLock { state in
      state.seconds[part.rawValue] += seconds
      state.measuredSinceMark += seconds
      state.receivedByteCounts[part.rawValue] += received
      state.receivedSinceMark += received
    }
  }

  /// Times a part that one of the threads computes within another part; a thread's second is 1 ÷ threads of the step's.
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

  /// The bytes received from other ranks in each part, in the order of ``StepPart``.
  var receivedByteCounts: [Int] {
    state.withLock { state in state.receivedByteCounts }
  }

  /// The seconds of each part, in the order of ``StepPart``.
  var seconds: [Double] {
    state.withLock { state in state.seconds }
  }
}
