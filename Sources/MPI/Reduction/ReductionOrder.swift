/// The order in which the vectors of all shards are added.
public enum ReductionOrder: String, Sendable {
  /// Along the ``ShardTree``: the same bits on any number of ranks.
  case tree
  /// Shard after shard on each rank, then `MPI_Allreduce`: the control, whose bits depend on the number of ranks and the library.
  case mpi
}
