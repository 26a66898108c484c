import COpenMPI

/// The ranks of a job and the collectives among them.
///
/// Only the thread that called ``withMPI(activity:_:onFailure:)`` may use it (`MPI_THREAD_FUNNELED`); it is neither copyable nor
/// `Sendable`, so that the compiler keeps it there.
@safe
public struct Communicator: ~Copyable {
  let handle: MPI_Comm?

  /// This process's number, `0 ..< size`.
  public let rank: Int

  /// How many processes the job has.
  public let size: Int

  /// What this rank is doing, for a watchdog, and what its collectives brought.
  public let activity: Activity

  /// Whether this is rank 0, the one that prints and writes files.
  public var isRoot: Bool { rank == 0 }

  /// Wraps the communicator of all ranks, whose errors are returned instead of ending the process.
  init(world handle: MPI_Comm?, activity: Activity) throws(MPIError) {
    unsafe self.handle = handle
    self.activity = activity
    try check("MPI_Comm_set_errhandler", unsafe MPI_Comm_set_errhandler(handle, copenmpi_errors_return()))
    var rank: Int32 = 0
    var size: Int32 = 0
    try check("MPI_Comm_rank", unsafe MPI_Comm_rank(handle, &rank))
    try check("MPI_Comm_size", unsafe MPI_Comm_size(handle, &size))
    self.rank = Int(rank)
    self.size = Int(size)
  }
}

/// Initializes MPI, lends `body` the communicator of all ranks, and finalises.
///
/// Collective: every rank calls it once, from the main thread. Without `mpirun` the world has one rank.
/// If `body` throws, this rank calls `onFailure`, which says what happened and gives the exit code, and the whole job is aborted with it:
/// a finalise would hang while others wait in a collective.
///
/// - Parameters:
///   - activity: Receives what this rank is doing.
///   - body: The program.
///   - onFailure: Receives the error and this rank; returns the job's exit code.
/// - Returns: What `body` returns.
/// - Throws: `MPIError` if MPI cannot be initialized or finalised.
public func withMPI<Result>(
  activity: Activity = Activity(),
  _ body: (borrowing Communicator) throws -> Result, onFailure: (any Error, Int) -> Int32
) throws(MPIError) -> Result {
  Launcher.speedUpLoneProcess()
  var provided: Int32 = 0
  let code = activity.measure(.initialize) {
    unsafe MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided)
  }
  try check("MPI_Init_thread", code)
  guard provided >= Int32(MPI_THREAD_FUNNELED) else {
    throw MPIError(function: "MPI_Init_thread, asked for MPI_THREAD_FUNNELED,", code: Int32(MPI_ERR_OTHER))
  }
  let world = try unsafe Communicator(world: copenmpi_world(), activity: activity)
  let result: Result
  do {
    result = try body(world)
  } catch {
    let code = onFailure(error, world.rank)
    unsafe MPI_Abort(world.handle, code)
    fatalError("MPI_Abort returned")
  }
  try check("MPI_Finalize", activity.measure(.finalize) { MPI_Finalize() })
  return result
}
