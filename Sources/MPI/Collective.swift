/// A kind of MPI call in which ranks wait for each other.
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

  /// The name of the MPI function.
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
