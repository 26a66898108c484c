import Synchronization

/// What this rank is doing, for whoever watches it from another thread.
///
/// All ranks enter the same collectives in the same order, so the number of those entered says who is behind. Whatever takes
/// long between two collectives calls ``progressed()`` each time that a piece of it is done.
public final class Activity: Sendable {
  /// A moment of a rank.
  public struct Snapshot: Sendable, Equatable {
    /// How many collectives were entered.
    public var collectives = 0
    /// The collective that this rank waits in, if it is in one.
    public var collective: Collective?
    /// How many pieces of work were done.
    public var progress = 0
    /// What the rank is at, in the words of ``Activity/begin(_:step:isPatient:)``.
    public var phase = "start"
    /// The training step, counted from the run's beginning, if there is one.
    public var step: Int?
    /// Whether it is at something that shows no progress from within, such as writing a file.
    public var allowsSilence = false
  }

  private struct State {
    var snapshot = Snapshot()
    var traffic = Traffic()
  }

  private let state = Mutex(State())

  /// A rank that has done nothing yet.
  public init() {}

  /// The rank at this moment.
  public var snapshot: Snapshot {
    state.withLock { state in state.snapshot }
  }

  /// All that came in until now.
  public var traffic: Traffic {
    state.withLock { state in state.traffic }
  }

  /// Notes that a piece of the work is done; callable from any thread.
  public func progressed() {
    state.withLock { state in state.snapshot.progress += 1 }
  }

  /// Notes what is done from now on.
  ///
  /// - Parameters:
  ///   - phase: A word or two for messages.
  ///   - step: The training step; absent for that of the phase before.
  ///   - isPatient: Whether it is something that shows no progress from within, such as writing a file.
  public func begin(_ phase: String, step: Int? = nil, allowsSilence: Bool = false) {
    state.withLock { state in
      state.snapshot.phase = phase
      state.snapshot.step = step ?? state.snapshot.step
      state.snapshot.allowsSilence = allowsSilence
      state.snapshot.progress += 1
    }
  }

  /// Runs a call of the library in which ranks wait for each other, and counts it.
  ///
  /// - Parameters:
  ///   - collective: Which call.
  ///   - receivedByteCount: What it brings from other ranks.
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
