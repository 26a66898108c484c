/// The number of calls, received bytes and seconds of a rank's collectives, by kind.
public struct Traffic: Sendable, Equatable {
  /// The counters of one kind of collective.
  public struct Share: Sendable, Equatable {
    /// The number of calls.
    public var calls = 0
    /// The bytes of the results that came from other ranks, whatever algorithm MPI uses; for a reduction, the size of
    /// its vector.
    public var receivedByteCount = 0
    /// The seconds spent in the calls, including the wait for the slowest rank.
    public var seconds = 0.0
  }

  private var shares = [Share](repeating: Share(), count: Collective.allCases.count)

  /// Creates counters at zero.
  public init() {}

  /// The counters of one kind of collective.
  public subscript(collective: Collective) -> Share { shares[collective.rawValue] }

  /// The bytes received in collectives of all kinds.
  public var receivedByteCount: Int {
    shares.reduce(0) { sum, share in sum + share.receivedByteCount }
  }

  mutating func add(_ collective: Collective, receivedByteCount: Int, seconds: Double) {
    shares[collective.rawValue].calls += 1
    shares[collective.rawValue].receivedByteCount += receivedByteCount
    shares[collective.rawValue].seconds += seconds
  }

  /// Returns the difference from an earlier state of the same counters.
  public func since(_ earlier: Traffic) -> Traffic {
    var difference = self
    for index in shares.indices {
      difference.shares[index].calls -= earlier.shares[index].calls
      difference.shares[index].receivedByteCount -= earlier.shares[index].receivedByteCount
      difference.shares[index].seconds -= earlier.shares[index].seconds
    }
    return difference
  }
}
