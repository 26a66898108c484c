import Glibc

/// What started this process, as far as its environment tells.
public enum Launcher {
  /// Whether mpirun, or srun with its interface for MPI, started this process as one of a job.
  public static var isPresent: Bool {
    ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains { (variable: String) in unsafe getenv(variable) != nil }
  }

  /// Lets the library begin at once in a process that is a job of its own.
  ///
  /// Without a daemon beside it, and without a search for networks. What the user has set stays.
  static func speedUpLoneProcess() {
    guard !isPresent else { return }
    for (setting, value) in [("ess_singleton_isolated", "1"), ("pml", "ob1")] {
      unsafe setenv("OMPI_MCA_\(setting)", value, 0)
    }
  }
}
