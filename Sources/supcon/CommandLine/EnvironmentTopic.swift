/// The text of `supcon help environment`: the variables that the program, its scripts and its libraries read.
enum EnvironmentTopic {
  /// The environment variables by program, each with its meaning.
  private static let groups: [(title: String, variables: [(name: String, meaning: String)])] = [
    (
      "supcon",
      [
        (
          "SUPCON_ISA",
          "highest vector instructions to compute with, as --isa, for the same bits on CPUs of several kinds"
        ),
        ("SUPCON_MPI_LIBRARY", "file of the MPI library to load in place of the build's, with the same interface"),
        ("SUPCON_LOCK_WAIT", "seconds to wait for another job that writes the same run directory (default: 15)"),
      ]
    ),
    (
      "its libraries",
      [
        ("ONEDNN_MAX_CPU_ISA", "a limit of oneDNN's own; SUPCON_ISA limits oneDNN and the kernels together"),
        (
          "OMPI_ALLOW_RUN_AS_ROOT, OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
          "both 1: mpirun of Open MPI starts as root, for containers"
        ),
        ("OMPI_MCA_…, PRTE_MCA_…", "settings of Open MPI 4 and 5; docs/launching.md has those that matter"),
      ]
    ),
    (
      "scripts and build",
      [
        ("SUPCON", "the program that scripts/launch.sh and other scripts start, if not the one beside them"),
        ("SUPCON_MPIRUN", "the launcher of scripts/launch.sh, if not the one of the PATH"),
        (
          "SUPCON_LAUNCHER_WAIT",
          "seconds after which scripts/launch.sh ends a launcher whose ranks are all dead (default: 30)"
        ),
        ("SUPCON_MPI", "at build time: ompi, mpich, or the pkg-config name of an MPI"),
        ("SUPCON_ONEDNN", "at build time: the folder of a oneDNN other than the system's"),
        ("SUPCON_COMMIT", "at build time: the commit that supcon --version names"),
        ("SUPCON_BUILD", "the folder of the build of scripts/install.sh, quickstart.sh and test.sh"),
        ("SUPCON_RUNS", "the folder of the runs of scripts/quickstart.sh (default: runs)"),
        ("SUPCON_ROOT", "the project's folder for scripts/slurm/*.sbatch (default: where sbatch was called)"),
      ]
    ),
  ]

  static var text: String {
    groups.map { title, variables in
      "Read by \(title):\n"
        + variables.map { name, meaning in "  \(name)\n      \(meaning)" }.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}
