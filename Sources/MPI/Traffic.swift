/// The calls in which ranks wait for each other.
public enum Collective: Int, CaseIterable, Sendable {
  /// `MPI_Init_thread`.
  case initialize
  /// `MPI_Barrier`.
  case barrier
  /// `MPI_Bcast`.
  case broadcast
  /// `MPI_Allgather` and `MPI_Allgatherv`.
  case allGather
  /// `MPI_Alltoallv`.
  case allToAll
  /// `MPI_Allreduce`.
  case allReduce
  /// `MPI_Finalize`.
  case finalize

  /// The library's name for it.
  public var function: String {
    switch self {
    case .initialize: "MPI_Init"
    case .barrier: "MPI_Barrier"
    case .broadcast: "MPI_Bcast"
    case .allGather: "MPI_Allgather"
    case .allToAll: "MPI_Alltoall"
    case .allReduce: "MPI_Allreduce"
    case .finalize: "MPI_Finalize"
    }
  }
}

/// What collectives brought to a rank and how long it was in them, by kind.
public struct Traffic: Sendable, Equatable {
  /// What one kind of collective did.
  public struct Share: Sendable, Equatable {
    /// How often it was called.
    public var calls = 0
    /// The bytes of the result that came from other ranks, whatever way the library takes: of a reduction its vector, once.
    public var receivedByteCount = 0
    /// Seconds inside, waiting for the slowest rank included.
    public var seconds = 0.0
  }

  private var shares = [Share](repeating: Share(), count: Collective.allCases.count)

  /// Nothing yet.
  public init() {}

  /// The share of one kind.
  public subscript(collective: Collective) -> Share { shares[collective.rawValue] }

  /// The bytes of all kinds.
  public var receivedByteCount: Int {
    shares.reduce(0) { sum, share in sum + share.receivedByteCount }
  }

  mutating func add(_ collective: Collective, receivedByteCount: Int, seconds: Double) {
    shares[collective.rawValue].calls += 1
    shares[collective.rawValue].receivedByteCount += receivedByteCount
    shares[collective.rawValue].seconds += seconds
  }

  /// What came in since an earlier moment.
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
