import Glibc

/// The launcher that started this process, detected from environment variables before MPI is initialized.
///
/// | launcher | rank and size |
/// |---|---|
/// | Open MPI's mpirun (4: ORTE, 5: PRRTE) | `OMPI_COMM_WORLD_RANK`, `OMPI_COMM_WORLD_SIZE` |
/// | MVAPICH's mpirun_rsh | `MV2_COMM_WORLD_RANK`, `MV2_COMM_WORLD_SIZE` |
/// | Hydra (MPICH, Intel MPI), PALS, `srun --mpi=pmi2` | `PMI_RANK`, `PMI_SIZE` |
/// | `srun --mpi=pmix` | `PMIX_RANK`, and Slurm's size |
/// | `flux run`; `jsrun`; PALS without PMI | `FLUX_TASK_RANK`, `JSM_NAMESPACE_RANK`, `PALS_RANKID` with their sizes |
/// | `srun` | `SLURM_PROCID`, `SLURM_STEP_NUM_TASKS` |
/// | torchrun, accelerate, deepspeed | `RANK`, `WORLD_SIZE`, with `LOCAL_RANK` |
///
/// The first row whose variables are all set applies: launchers further down may have started the launcher above them.
/// A batch script has Slurm's other variables but is not a job step, so a program that it starts directly has one rank.
public struct Launcher: Sendable, Equatable {
  /// The kinds of launchers.
  public enum Kind: Sendable, Equatable {
    /// No launcher: the user started a single process.
    case none
    /// Open MPI's mpirun.
    case openMPI
    /// A process manager with the PMI or PMIx interface, such as Hydra.
    case pmi
    /// srun without PMI or PMIx: its tasks cannot find each other.
    case plainSlurm
    /// A launcher of PyTorch, whose processes find each other without MPI.
    case torch
  }

  /// The kind of launcher.
  public let kind: Kind
  /// This process's number in the job, from 0.
  public let rank: Int
  /// The number of processes that the launcher started; `nil` if it does not provide it.
  public let size: Int?
  /// The name of the environment variable that holds the size, for messages.
  let sizeVariable: String
  /// True if none of the other variables are set that a launcher of this kind always sets: then a script has set rank
  /// and size, or a part of the environment was lost.
  public let isLone: Bool

  /// The launcher of this process.
  public static let current = Launcher(environmentValue)

  /// Detects the launcher from environment variables.
  ///
  /// - Parameter value: Returns the value of an environment variable.
  package init(_ value: (String) -> String?) {
    func number(_ name: String) -> Int? { value(name).flatMap { text in Int(text) } }
    let tables: [(kind: Kind, rank: String, size: String)] = [
      (.openMPI, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
      (.pmi, "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
      (.pmi, "PMI_RANK", "PMI_SIZE"),
      (.pmi, "PMIX_RANK", "SLURM_STEP_NUM_TASKS"),
      (.pmi, "FLUX_TASK_RANK", "FLUX_JOB_SIZE"),
      (.pmi, "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"),
      (.pmi, "PALS_RANKID", "PALS_SIZE"),
      (.plainSlurm, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
      // Scripts set the first two for their own use as well.
      (.torch, value("LOCAL_RANK") == nil ? "" : "RANK", "WORLD_SIZE"),
    ]
    let signs = [
      "PMI_RANK": ["PMI_FD", "PMI_PORT", "PMI_ID", "PMI_CONTROL_PORT", "PALS_RANKID", "SLURM_STEP_ID", "SLURM_STEPID"],
      "SLURM_PROCID": ["SLURM_STEP_ID", "SLURM_STEPID", "SLURM_LAUNCH_NODE_IPADDR", "SLURM_SRUN_COMM_HOST"],
      "RANK": ["MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"],
    ]
    for table in tables {
      if let rank = number(table.rank), let size = number(table.size) {
        (kind, self.rank, self.size, sizeVariable) = (table.kind, rank, size, table.size)
        isLone = signs[table.rank].map { names in names.allSatisfy { name in value(name) == nil } } ?? false
        return
      }
    }
    // A process manager that provides only the rank; MPI will provide the size.
    let rank = number("PMI_RANK") ?? number("PMIX_RANK") ?? number("PALS_RANKID")
    (kind, self.rank, size, sizeVariable) = (rank == nil ? .none : .pmi, rank ?? 0, rank == nil ? 1 : nil, "")
    isLone = false
  }

  /// True if the launcher's processes can be connected by MPI; the job may still have only one.
  public var isPresent: Bool { kind == .openMPI || kind == .pmi }

  /// The error message if the launcher has started several processes that MPI cannot connect; otherwise `nil`.
  public var problem: String? {
    guard let size, size > 1 else { return nil }
    if kind == .torch {
      return
        "a launcher of PyTorch started \(size) processes (WORLD_SIZE=\(size)) that MPI cannot connect: each would be a job of one rank; "
        + "start with mpirun -np \(size) in place of torchrun, or unset LOCAL_RANK"
    }
    guard kind == .plainSlurm else { return nil }
    return
      "srun started \(size) tasks that MPI cannot connect (\(sizeVariable)=\(size), without PMI or PMIx): each would be a job of one rank; "
      + "start with srun --mpi=\(MPILibrary.loaded.family == .openMPI ? "pmix" : "pmi2"), or with the mpirun of \(MPILibrary.loaded.name)"
  }

  /// Returns an error message if MPI has another number of ranks than the launcher started; otherwise `nil`.
  ///
  /// - Parameters:
  ///   - worldSize: The number of ranks, known after MPI was initialized.
  ///   - library: The MPI library.
  /// - Returns: A message with both numbers and the launcher to use, or `nil`.
  public func problem(worldSize: Int, library: @autoclosure () -> MPILibrary = .loaded) -> String? {
    // Without the size, the ranks above 0 still tell that MPI did not connect them.
    guard let size = size ?? (rank >= worldSize ? rank + 1 : nil), size != worldSize else { return nil }
    // Not before it is known to be needed: a lone process has loaded none.
    let library = library()
    let remedy =
      switch (kind, library.family) {
      case (.openMPI, .openMPI): "use the mpirun of the same Open MPI that supcon was built for"
      case (.openMPI, .mpich): "start it with the mpiexec of MPICH (mpiexec.mpich, mpiexec.hydra)"
      case (_, .openMPI): "start it with the mpirun of Open MPI (mpirun.openmpi), or with srun --mpi=pmix"
      case (_, .mpich): "start it with the mpiexec of MPICH (mpiexec.mpich, mpiexec.hydra), or with srun --mpi=pmi2"
      }
    return
      "the launcher started \(sizeVariable.isEmpty ? "at least \(size) processes (this is number \(rank), counted from 0)" : "\(size) processes (\(sizeVariable)=\(size))"), but \(library.name), which supcon was built for, "
      + "knows of \(worldSize == 1 ? "1 rank" : "\(worldSize) ranks"): the launcher belongs to another MPI; \(remedy)"
  }
}

/// Returns the value of an environment variable, or `nil`.
public func environmentValue(_ name: String) -> String? {
  unsafe getenv(name).map { value in unsafe String(cString: value) }
}
