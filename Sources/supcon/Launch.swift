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
      rank: number("OMPI_COMM_WORLD_RANK") ?? number("PMIX_RANK") ?? 0, size: number("OMPI_COMM_WORLD_SIZE") ?? 1)
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

/// The texts that people see; called on rank 0 alone, but for a rank's own failure.
enum Console {
  /// Prints a line to the standard output at once, whatever it is connected to.
  static func line(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// Prints a line to the standard error.
  static func error(_ text: String) {
    write(text + "\n", to: STDERR_FILENO)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { rest in
        unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      guard count > 0 || errno == EINTR else { return }
      written += max(count, 0)
    }
  }
}

/// Ends the process.
func exit(_ code: Int32) -> Never {
  Glibc.exit(code)
}
