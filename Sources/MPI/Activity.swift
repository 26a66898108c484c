import Synchronization

/// The counters of one rank, for an observer on another thread: collectives entered, bytes received, and progress.
///
/// All ranks enter the same collectives in the same order, so the rank that has entered the fewest is the one that the others wait for.
/// Work between two collectives counts its pieces with ``progressed()``.
public final class Activity: Sendable {
  /// The counters at one moment.
  public struct Snapshot: Sendable, Equatable {
    /// The number of collectives entered.
    public var collectives = 0
    /// The collective that this rank is in, if any.
    public var collective: Collective?
    /// The number of pieces of work done and of phases begun; it grows as long as the rank gets on.
    public var progress = 0
    /// The current phase, in the caller's words.
    public var phase = "start"
    /// True if the phase reports no progress until it ends, such as writing a file.
    public var allowsSilence = false
  }

  private struct State {
    var snapshot = Snapshot()
    var traffic = Traffic()
  }

  private let state = Mutex(State())

  /// Counters at zero.
  public init() {}

  /// The counters now.
  public var snapshot: Snapshot {
    state.withLock { state in state.snapshot }
  }

  /// The traffic of all collectives so far.
  public var traffic: Traffic {
    state.withLock { state in state.traffic }
  }

  /// Counts a piece of work; callable from any thread.
  public func progressed() {
    state.withLock { state in state.snapshot.progress += 1 }
  }

  /// Begins a phase, which counts as progress.
  ///
  /// - Parameters:
  ///   - phase: The phase in a few words, for messages.
  ///   - allowsSilence: True if it reports no progress until it ends, such as writing a file.
  public func begin(_ phase: String, allowsSilence: Bool = false) {
    state.withLock { state in
      state.snapshot.phase = phase
      state.snapshot.allowsSilence = allowsSilence
      state.snapshot.progress += 1
    }
  }

  /// Runs a call of the library in which ranks wait for each other, and counts it.
  ///
  /// - Parameters:
  ///   - collective: The kind of call.
  ///   - receivedByteCount: The bytes of the result that come from other ranks.
  ///   - body: The call, which returns the library's status.
  /// - Returns: The status.
  func measure(_ collective: Collective, receivedByteCount: Int = 0, _ body: () -> Int32) -> Int32 {
    state.withLock { state in
      state.snapshot.collectives += 1
      state.snapshot.collective = collective
    }
    let start = ContinuousClock.now
    let code = body()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    state.withLock { state in
      state.snapshot.collective = nil
      state.traffic.add(collective, receivedByteCount: receivedByteCount, seconds: seconds)
    }
    return code
  }
}
