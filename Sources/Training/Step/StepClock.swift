import Configuration
import Job
import MPI
import Synchronization

/// The parts of a training step, in the words and the order of the walk.
///
/// A part that ends in a collective includes the waiting for the slowest rank.
package enum StepPart: Int, CaseIterable, Sendable {
  /// Samples → views.
  case data
  /// Views → embeddings.
  case forward
  /// The all-gather of embeddings and labels.
  case gather
  /// The loss and the embedding gradients.
  case loss
  /// Embedding gradients → gradients, added over this rank's shards; with every forward pass that is run a second time.
  case backward
  /// The reduction over the ranks.
  case reduce
  /// The optimizer, the running statistics and the check that all numbers are finite.
  case update

  /// Its name in tables and files.
  package var name: String { "\(self)" }
}

/// Where the seconds of one step go on this rank.
final class StepClock: Sendable {
  private struct State {
    var seconds = [Double](repeating: 0, count: StepPart.allCases.count)
    var receivedByteCounts = [Int](repeating: 0, count: StepPart.allCases.count)
    var traffic: Traffic
    var lastMark = ProcessMeasurements.now()
    var measuredSinceMark = 0.0
  }

  private let state: Mutex<State>
  private let threads: Int
  private let activity: Activity
  private let step: Int

  /// Starts now.
  ///
  /// - Parameters:
  ///   - threads: How many threads share the work inside ``measure(_:_:)``.
  ///   - activity: What this rank's messages are counted in, and what is told of each part.
  ///   - step: Which step this is.
  package init(threads: Int, activity: Activity, step: Int) {
    self.threads = threads
    self.activity = activity
    state = Mutex(State(traffic: activity.traffic))
    self.step = step
    activity.begin("step \(step), \(StepPart.forward.name)")
  }

  /// Ends a part: it took the time since the last mark, less what ``measure(_:_:)`` gave to others.
  func mark(_ part: StepPart) {
    let now = ProcessMeasurements.now()
    let traffic = activity.traffic
    if let next = StepPart(rawValue: part.rawValue + 1) {
      activity.begin("step \(step), \(next.name)")
    }
    state.withLock { state in
      state.receivedByteCounts[part.rawValue] += traffic.since(state.traffic).receivedByteCount
      state.traffic = traffic
      state.seconds[part.rawValue] += max(now - state.lastMark - state.measuredSinceMark, 0)
      state.lastMark = now
      state.measuredSinceMark = 0
    }
  }

  /// Times a part that one of the threads computes in the midst of another part; a thread's second is 1 ÷ threads of the step's.
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

  /// The bytes that came in from other ranks in each part, in the order of ``StepPart``.
  var receivedByteCounts: [Int] {
    state.withLock { state in state.receivedByteCounts }
  }

  /// The seconds of each part, in the order of ``StepPart``.
  var seconds: [Double] {
    state.withLock { state in state.seconds }
  }
}
