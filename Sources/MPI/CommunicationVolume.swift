/// The number of calls, received bytes and seconds of a rank's collectives, by kind.
public struct CommunicationVolume: Sendable, Equatable {
  /// The counters of one kind of collective.
  public struct Counters: Sendable, Equatable {
    /// The number of calls since the start of the process, or since the state that ``since(_:)`` subtracted.
    public var calls = 0
    /// The bytes of results that come from other ranks (for a reduction, of its vector), for any algorithm of MPI.
    public var receivedByteCount = 0
    /// The seconds spent in the calls, including the wait for the slowest rank.
    public var seconds = 0.0
  }

  private var counters = [Counters](repeating: Counters(), count: Collective.allCases.count)

  /// Creates counters at zero.
  public init() {}

  /// The counters of one kind of collective.
  public subscript(collective: Collective) -> Counters { counters[collective.rawValue] }

  /// The bytes received in collectives of all kinds.
  public var receivedByteCount: Int {
    counters.reduce(0) { sum, counter in sum + counter.receivedByteCount }
  }

  mutating func add(_ collective: Collective, receivedByteCount: Int, seconds: Double) {
    counters[collective.rawValue].calls += 1
    counters[collective.rawValue].receivedByteCount += receivedByteCount
    counters[collective.rawValue].seconds += seconds
  }

  /// Returns the difference from an earlier state of the same counters.
  public func since(_ earlier: CommunicationVolume) -> CommunicationVolume {
    var difference = self
    for index in counters.indices {
      difference.counters[index].calls -= earlier.counters[index].calls
      difference.counters[index].receivedByteCount -= earlier.counters[index].receivedByteCount
      difference.counters[index].seconds -= earlier.counters[index].seconds
    }
    return difference
  }
}
