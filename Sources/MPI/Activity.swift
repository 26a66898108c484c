import Synchronization

/// The counters of one rank for an observer on another thread (the watchdog): collectives entered, bytes received, and
/// progress.
///
/// All ranks enter the same collectives in the same order, so the rank that has entered the fewest is the one that the
/// others are waiting for. Work between two collectives reports progress with ``progressed()``.
public final class Activity: Sendable {
  /// The values of the counters at one moment.
  public struct Snapshot: Sendable, Equatable {
    /// The number of collectives that this rank has entered.
    public var collectives = 0
    /// The collective that this rank is in; `nil` if it is in none.
    public var collective: Collective?
    /// The number of completed pieces of work and of started phases; it increases as long as the rank makes progress.
    public var progress = 0
    /// The name of the current phase, given by the caller.
    public var phase = "start"
    /// True if the phase reports no progress until its end, such as writing a file.
    public var allowsSilence = false
  }

  private struct State {
    var snapshot = Snapshot()
    var volume = CommunicationVolume()
  }

  private let state = Mutex(State())

  /// Creates counters at zero.
  public init() {}

  /// The current values of the counters.
  public var snapshot: Snapshot {
    state.withLock { state in state.snapshot }
  }

  /// The communication volume of all collectives so far.
  public var communicationVolume: CommunicationVolume {
    state.withLock { state in state.volume }
  }

  /// Counts a completed piece of work; callable from any thread.
  public func progressed() {
    state.withLock { state in state.snapshot.progress += 1 }
  }

  /// Begins a phase, which also counts as progress.
  ///
  /// - Parameters:
  ///   - phase: The name of the phase in a few words, for messages.
  ///   - allowsSilence: True if the phase reports no progress until its end, such as writing a file.
  public func begin(_ phase: String, allowsSilence: Bool = false) {
    state.withLock { state in
      state.snapshot.phase = phase
      state.snapshot.allowsSilence = allowsSilence
      state.snapshot.progress += 1
    }
  }

  /// Runs a call of the MPI library in which ranks wait for each other, and counts it.
  ///
  /// - Parameters:
  ///   - collective: The kind of call.
  ///   - receivedByteCount: The number of bytes of the result that come from other ranks.
  ///   - body: The call, which returns MPI's error code.
  /// - Returns: MPI's error code.
  func measure(_ collective: Collective, receivedByteCount: Int = 0, _ body: () -> Int32) -> Int32 {
    state.withLock { state in
      state.snapshot.collectives += 1
      state.snapshot.collective = collective
    }
    // As the clock of a step, which does not count the time in which the system is suspended.
    let start = SuspendingClock.now
    let code = body()
    let seconds = (SuspendingClock.now - start) / .seconds(1)
    state.withLock { state in
      state.snapshot.collective = nil
      state.volume.add(collective, receivedByteCount: receivedByteCount, seconds: seconds)
    }
    return code
  }
}
