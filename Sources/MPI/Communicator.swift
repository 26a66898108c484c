import CMPI
import Synchronization

/// The ranks of a job and the collectives among them.
///
/// Only the thread that called ``withMPI(activity:ranksPerHost:_:onFailure:)`` may use it (`MPI_THREAD_FUNNELED`); it
/// is neither copyable nor `Sendable`, so that the compiler keeps it there.
public struct Communicator: ~Copyable {
  let handle: cmpi_comm

  /// The number of this process, in `0 ..< size`.
  public let rank: Int

  /// The number of processes of the job.
  public let size: Int

  /// This rank's counters of collectives and progress, which the watchdog reads.
  public let activity: Activity

  /// The communicators within and across hosts; `nil` for a job of one rank, and in these communicators.
  private(set) var hosts: HostLevels?
  /// The communicators for a reduction in two levels; `nil` if one level is as good.
  var hostLevels: HostLevels? { hosts.flatMap { levels in levels.isTwoLevel ? levels : nil } }

  /// True on rank 0, which prints and writes files.
  public var isRoot: Bool { rank == 0 }

  /// The number of consecutive ranks on each host, whose sums are completed before they leave the host; 1 if each rank
  /// sends its own.
  public var ranksPerHost: Int { hostLevels?.withinHost.size ?? 1 }

  /// The number of ranks on this host, this one included, which can share memory.
  public var hostSize: Int { hosts?.withinHost.size ?? 1 }

  /// The number of this rank among the ranks of its host, in `0 ..< hostSize`.
  public var rankOnHost: Int { hosts?.withinHost.rank ?? 0 }

  /// Wraps MPI_COMM_WORLD or a part of it, and makes MPI return errors instead of ending the process.
  init(_ handle: cmpi_comm, activity: Activity) throws(MPIError) {
    self.handle = handle
    self.activity = activity
    // int MPI_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler errhandler), with MPI_ERRORS_RETURN
    try check("MPI_Comm_set_errhandler", cmpi_return_errors(handle))
    var rank: Int32 = 0
    var size: Int32 = 0
    // int MPI_Comm_rank(MPI_Comm comm, int *rank)
    try check("MPI_Comm_rank", unsafe cmpi_comm_rank(handle, &rank))
    // int MPI_Comm_size(MPI_Comm comm, int *size)
    try check("MPI_Comm_size", unsafe cmpi_comm_size(handle, &size))
    self.rank = Int(rank)
    self.size = Int(size)
  }

  /// Divides the ranks by host (``HostLevels/divide(_:ranksPerHost:)``).
  ///
  /// Collective.
  mutating func divideByHost(ranksPerHost: Int?) throws(MPIError) {
    hosts = try HostLevels.divide(self, ranksPerHost: ranksPerHost)
  }

  /// Waits until every rank of this host has entered the barrier; what they wrote to ``HostMemory`` before it can be
  /// read after it.
  ///
  /// Collective on all ranks, even those that are alone on their host, so that they count the same calls.
  public func hostBarrier() throws(MPIError) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    try hosts?.withinHost.barrier()
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }
}

/// Initializes MPI, calls `body` with the communicator of all ranks, and finalizes MPI.
///
/// Collective: every rank calls it once, from the main thread. Without a launcher there is one rank, for which no MPI
/// library is loaded (``MPILibrary/isNeeded``). If `body` throws, this rank calls `onFailure`, which reports the error
/// and returns the exit code, and aborts the whole job with it: MPI_Finalize would hang while other ranks wait in a
/// collective.
///
/// - Parameters:
///   - activity: The counters of this rank.
///   - ranksPerHost: The number of consecutive ranks that are taken for a host, a divisor of their number; `nil` for
///     the hosts on which they run.
///   - body: The program that uses the communicator.
///   - onFailure: Receives the error and the number of this rank; returns the job's exit code.
/// - Returns: The value that `body` returns.
/// - Throws: `MPIError` if MPI cannot be initialized or finalized.
public func withMPI<Result>(
  activity: Activity = Activity(), ranksPerHost: Int? = nil,
  _ body: (borrowing Communicator) throws -> Result, onFailure: (any Error, Int) -> Int32
) throws(MPIError) -> Result {
  var isGranted: Int32 = 0
  let code = activity.measure(.initialize) {
    // int MPI_Init_thread(int *argc, char ***argv, int required, int *provided), with MPI_THREAD_FUNNELED
    unsafe cmpi_init_funneled(MPILibrary.isNeeded ? 0 : 1, &isGranted)
  }
  try check("MPI_Init_thread", code)
  guard isGranted != 0 else {
    throw MPIError(function: "MPI_Init_thread, asked for MPI_THREAD_FUNNELED,", code: cmpi_other_error())
  }
  var world = try Communicator(cmpi_world(), activity: activity)
  try world.divideByHost(ranksPerHost: ranksPerHost)
  let result: Result
  do {
    result = try body(world)
  } catch {
    // int MPI_Abort(MPI_Comm comm, int errorcode)
    _ = cmpi_abort(world.handle, onFailure(error, world.rank))
    fatalError("MPI_Abort returned")
  }
  try world.hosts?.free()
  // int MPI_Finalize(void)
  try check("MPI_Finalize", activity.measure(.finalize) { cmpi_finalize() })
  return result
}
