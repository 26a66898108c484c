import CMPI

/// The communicators within each host, whose ranks share its memory, and across hosts, through the network.
///
///     host 0   rank 0  rank 1      within hosts   {0, 1}  {2, 3}
///     host 1   rank 2  rank 3      across hosts   {0, 2}  {1, 3}
final class HostLevels {
  /// The ranks of this rank's host.
  let withinHost: Communicator
  /// The ranks that have this rank's place on the other hosts, in the order of the hosts.
  let acrossHosts: Communicator
  /// True if a reduction has two levels: if there are several hosts with the same number of consecutive ranks, at least
  /// two.
  let isTwoLevel: Bool

  private init(withinHost: consuming Communicator, acrossHosts: consuming Communicator, isTwoLevel: Bool) {
    self.withinHost = withinHost
    self.acrossHosts = acrossHosts
    self.isTwoLevel = isTwoLevel
  }

  /// Divides the ranks by host.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - world: All ranks.
  ///   - ranksPerHost: The number of consecutive ranks that are taken for a host; `nil` for those that share memory.
  /// - Returns: The communicators; `nil` if there is only one rank.
  /// - Throws: `MPIError` if a call of MPI fails.
  static func divide(_ world: borrowing Communicator, ranksPerHost: Int?) throws(MPIError) -> HostLevels? {
    guard world.size > 1 else { return nil }
    var host = world.handle
    if let ranksPerHost {
      precondition(world.size.isMultiple(of: ranksPerHost), "\(world.size) ranks, \(ranksPerHost) on each host")
      // int MPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *newcomm)
      try check("MPI_Comm_split", unsafe cmpi_comm_split(world.handle, Int32(world.rank / ranksPerHost), 0, &host))
    } else {
      // int MPI_Comm_split_type(MPI_Comm comm, int split_type, int key, MPI_Info info, MPI_Comm *newcomm), with
      // MPI_COMM_TYPE_SHARED
      try check("MPI_Comm_split_type", unsafe cmpi_comm_split_hosts(world.handle, 0, &host))
    }
    let within = try Communicator(host, activity: world.activity)
    var first = [Int32(world.rank)]
    try within.broadcast(&first)
    // For each rank, the first rank of its host and the number of ranks there.
    var places = [Int32](repeating: 0, count: 2 * world.size)
    try world.allGather([first[0], Int32(within.size)].span, into: &places)
    let size = within.size
    let isRegular = (0..<world.size).allSatisfy { rank in
      Int(places[2 * rank]) == rank / size * size && Int(places[2 * rank + 1]) == size
    }
    var across = world.handle
    try check("MPI_Comm_split", unsafe cmpi_comm_split(world.handle, Int32(within.rank), 0, &across))
    return HostLevels(
      withinHost: within, acrossHosts: try Communicator(across, activity: world.activity),
      isTwoLevel: isRegular && size > 1 && size < world.size)
  }

  /// Frees the communicators, before MPI is finalized.
  ///
  /// Collective.
  func free() throws(MPIError) {
    var (host, across) = (withinHost.handle, acrossHosts.handle)
    try Self.free(&across)
    try Self.free(&host)
  }

  private static func free(_ handle: inout cmpi_comm) throws(MPIError) {
    // int MPI_Comm_free(MPI_Comm *comm)
    try check("MPI_Comm_free", unsafe cmpi_comm_free(&handle))
  }
}
