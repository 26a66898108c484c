import Glibc

/// What the launcher says of this process before MPI is initialised.
struct Launch {
  /// This process's number.
  let rank: Int
  /// How many processes the job has.
  let size: Int

  /// From the environment of Open MPI's mpirun or of srun; one rank without either.
  static var current: Launch {
    Launch(
      rank: number("OMPI_COMM_WORLD_RANK") ?? number("SLURM_PROCID") ?? 0,
      size: number("OMPI_COMM_WORLD_SIZE") ?? number("SLURM_NTASKS") ?? 1)
  }

  /// Waits long enough for rank 0 to print: mpirun kills the others soon after the first one exits with an error.
  static func letRootSpeakFirst() {
    sleep(1)
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
