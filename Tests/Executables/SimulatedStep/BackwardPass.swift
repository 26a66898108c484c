import CMPI
import Glibc
import MPI
import Synchronization

/// The backward pass of a rank as a sequence of delays: at its time, each segment is added to the reduction.
final class BackwardPass: Sendable {
  private let reduction: PiecewiseReduction<Summand>
  private let shards: Range<Int>
  /// The seconds at which each segment is complete, without what messages take from the threads.
  private let times: [Double]
  /// The seconds at which the pass ends, likewise.
  private let undisturbedEnd: Double
  /// The seconds that the threads have lost to messages.
  private let lost = Mutex(0.0)
  private let isAdded: Mutex<[Bool]>
  /// As many elements as the longest segment.
  private let zeros: [Summand]

  /// Starts the pass.
  init(_ inputs: StepInputs, _ reduction: PiecewiseReduction<Summand>, shards: Range<Int>) {
    self.reduction = reduction
    self.shards = shards
    let end = seconds() + inputs.backward
    undisturbedEnd = end
    times = inputs.completions.map { before in end - before }
    zeros = Array(repeating: .zero, count: reduction.segments.map(\.count).max() ?? 0)
    isAdded = Mutex(Array(repeating: false, count: times.count))
  }

  /// Adds the segments that are complete by now.
  func addCompleted() {
    let now = seconds() - lost.withLock { lost in lost } + 1e-6
    for segment in times.indices.reversed() where times[segment] <= now {
      let isNew = isAdded.withLock { isAdded in
        defer { isAdded[segment] = true }
        return !isAdded[segment]
      }
      if isNew {
        add(segment)
      }
    }
  }

  /// The seconds at which the pass ends.
  var end: Double { undisturbedEnd + lost.withLock { lost in lost } }

  /// Takes seconds of a core from the threads, unless they are done.
  func lose(_ duration: Double) {
    if seconds() < end {
      lost.withLock { lost in lost += duration }
    }
  }

  /// The seconds until the next segment is complete; 0 if there is none.
  var secondsToNext: Double {
    let now = seconds() - lost.withLock { lost in lost }
    return isAdded.withLock { isAdded in
      zip(times, isAdded).compactMap { time, isAdded in isAdded ? nil : time - now }.min() ?? 0
    }
  }

  private func add(_ segment: Int) {
    let count = reduction.segments[segment].count
    let zeros = zeros
    let summand = zeros.span.extracting(0..<count)
    for shard in shards {
      reduction.add(summand, segment: segment, shard: shard)
    }
  }
}

/// The passes of the ranks of this process: one, or all where the ranks are simulated.
private let passes = Mutex<[Int: BackwardPass]>([:])

extension BackwardPass {
  /// Has ``addCompleted()`` called whenever the rank has slept, until ``end(rank:)``.
  func begin(rank: Int) {
    passes.withLock { passes in passes[rank] = self }
  }

  /// Ends the calls.
  static func end(rank: Int) {
    passes.withLock { passes in _ = passes.removeValue(forKey: rank) }
  }
}

/// Does what a rank's threads did while its main thread slept: the simulation calls it, which has no threads.
@_cdecl("simulated_step_slept")
func slept(rank: Int32) {
  passes.withLock { passes in passes[Int(rank)] }?.addCompleted()
}

/// Takes the seconds of a rank's messages from its threads, which have no other core.
@_cdecl("simulated_step_paid")
func paid(rank: Int32, duration: Double) {
  passes.withLock { passes in passes[Int(rank)] }?.lose(duration)
}

/// Returns the seconds until a rank's threads complete the next segment; 0 outside of a backward pass.
@_cdecl("simulated_step_next")
func next(rank: Int32) -> Double {
  passes.withLock { passes in passes[Int(rank)] }?.secondsToNext ?? 0
}

/// Returns the seconds of a steady clock, which the simulation replaces by its own.
func seconds() -> Double {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Sleeps in the place of computing.
///
/// - Parameter duration: The seconds; none if negative.
func delay(_ duration: Double) {
  let end = seconds() + duration
  while end - seconds() > 5e-7 {
    usleep(useconds_t(min(1e6 * (end - seconds()), 9e5).rounded()))
  }
}

/// A float32 that is not added: sums take no time in the simulation, as they are part of the delays.
struct Summand: TreeElement {
  let value: Float

  static let zero = Summand(value: 0)
  static var datatype: cmpi_datatype { Float.datatype }
  static func accumulate(_ addend: Span<Summand>, into sums: inout MutableSpan<Summand>) {}
  static func add(_ first: Span<Summand>, _ second: Span<Summand>, into sums: inout MutableSpan<Summand>) {}
}
