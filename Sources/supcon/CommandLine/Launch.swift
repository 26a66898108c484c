import Glibc
import MPI

/// What the launcher says of this process before MPI is initialized.
struct Launch {
  /// This process's number.
  let rank: Int
  /// How many processes the job has.
  let size: Int

  /// What is wrong with how this process was started, or `nil`.
  var problem: String? {
    guard !Launcher.isPresent, let tasks = Self.number("SLURM_STEP_NUM_TASKS"), tasks > 1 else { return nil }
    return
      "srun started \(tasks) tasks that do not know of each other, each a job of one rank; start with srun --mpi=pmix, or with mpirun"
  }

  /// From the environment of Open MPI's mpirun or of srun; one rank without either.
  static var current: Launch {
    Launch(
      rank: number("OMPI_COMM_WORLD_RANK") ?? (isStep ? number("SLURM_PROCID") : nil) ?? 0,
      size: number("OMPI_COMM_WORLD_SIZE") ?? number("SLURM_STEP_NUM_TASKS") ?? 1)
  }

  /// Waits long enough for rank 0 to print: mpirun kills the others soon after the first one exits with an error.
  static func letRootSpeakFirst() {
    sleep(1)
  }

  /// Waits until mpirun would have ended this rank if rank 0 had failed too; returns if it has not: the fault is this rank's alone.
  ///
  /// - Returns: Whether that can be told: srun leaves the other ranks alone.
  static func outlivesRoot() -> Bool {
    guard isSet("OMPI_COMM_WORLD_SIZE") else { return false }
    sleep(6)
    return true
  }

  /// Leaves crashes to the MPI library, which says at once what happened where.
  ///
  /// Swift's own handler works for a minute at a backtrace where all ranks share the cores, and the job hangs meanwhile.
  func leaveCrashesToTheLibrary() {
    guard size > 1 else { return }
    for crash in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGQUIT] {
      signal(crash, SIG_DFL)
    }
  }

  /// Whether srun started this process: a batch script has Slurm's other variables, but runs one program alone.
  private static var isStep: Bool { isSet("SLURM_STEP_NUM_TASKS") }

  private static func isSet(_ variable: String) -> Bool {
    unsafe getenv(variable) != nil
  }

  private static func number(_ variable: String) -> Int? {
    guard let text = unsafe getenv(variable) else { return nil }
    return Int(unsafe String(cString: text))
  }
}

/// Ends the process.
func exit(_ code: Int32) -> Never {
  Glibc.exit(code)
}
