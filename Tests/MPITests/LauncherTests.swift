import MPI
import Testing

/// The environments of launchers, as they were seen under each.
struct LauncherTests {
  private func launcher(_ environment: [String: String]) -> Launcher { Launcher { name in environment[name] } }

  @Test func `a process that the user started is one rank`() {
    let alone = launcher(["SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"])
    #expect(alone.kind == .none && alone.rank == 0 && alone.size == 1)
    #expect(alone.problem == nil && alone.problem(worldSize: 1) == nil)
  }

  @Test(arguments: [
    (["OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "5", "PMIX_RANK": "3"], Launcher.Kind.openMPI),
    (["PMI_RANK": "3", "PMI_SIZE": "5"], .pmi),
    (["MV2_COMM_WORLD_RANK": "3", "MV2_COMM_WORLD_SIZE": "5"], .pmi),
    (["PMIX_RANK": "3", "SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "5"], .pmi),
    (["FLUX_TASK_RANK": "3", "FLUX_JOB_SIZE": "5"], .pmi),
    (["JSM_NAMESPACE_RANK": "3", "JSM_NAMESPACE_SIZE": "5"], .pmi),
    (["PALS_RANKID": "3", "PALS_SIZE": "5"], .pmi),
    (["SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "5"], .plainSlurm),
    (["RANK": "3", "WORLD_SIZE": "5", "LOCAL_RANK": "1"], .torch),
    (["PMI_RANK": "3", "PMI_SIZE": "5", "RANK": "0", "WORLD_SIZE": "9", "LOCAL_RANK": "0"], .pmi),
  ])
  func `rank and size are read from the variables of every launcher`(
    environment: [String: String], kind: Launcher.Kind
  ) {
    let launcher = launcher(environment)
    #expect(launcher.rank == 3 && launcher.size == 5 && launcher.kind == kind)
  }

  @Test func `mpirun in a step of Slurm counts, not the step of its daemon`() {
    let rank = launcher([
      "OMPI_COMM_WORLD_RANK": "7", "OMPI_COMM_WORLD_SIZE": "8", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2",
    ])
    #expect(rank.rank == 7 && rank.problem(worldSize: 8) == nil)
  }

  @Test func `a rank outside of MPI's world is refused also where the launcher tells no size`() throws {
    for variable in ["PMI_RANK", "PMIX_RANK", "PALS_RANKID"] {
      let problem = try #require(launcher([variable: "1"]).problem(worldSize: 1))
      #expect(problem.contains("started at least 2 processes") && problem.contains("knows of 1 rank"))
      #expect(launcher([variable: "1"]).problem(worldSize: 2) == nil)
    }
  }

  @Test func `tasks of srun that MPI cannot connect are refused before it is initialized`() throws {
    let problem = try #require(launcher(["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"]).problem)
    #expect(problem.contains("srun started 2 tasks") && problem.contains("srun --mpi=pm"))
    #expect(launcher(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"]).problem == nil)
  }

  @Test func `processes of torchrun are refused, a script's own variables of that name are not`() throws {
    let problem = try #require(launcher(["RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1"]).problem)
    #expect(problem.contains("PyTorch started 4 processes") && problem.contains("mpirun -np 4"))
    #expect(launcher(["RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"]).problem == nil)
    #expect(launcher(["RANK": "0", "WORLD_SIZE": "4"]).problem == nil)
  }

  @Test func `a world of another size than the launcher's is refused with both sizes and the remedy`() throws {
    let hydra = launcher(["PMI_RANK": "0", "PMI_SIZE": "2"])
    #expect(hydra.problem(worldSize: 2) == nil)
    let openMPI = MPILibrary(family: .openMPI, text: "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4")
    let problem = try #require(hydra.problem(worldSize: 1, library: openMPI))
    #expect(problem.contains("started 2 processes (PMI_SIZE=2)") && problem.contains("Open MPI 4.1.4"))
    #expect(problem.contains("knows of 1 rank:") && problem.contains("mpirun of Open MPI"))
    let mpich = MPILibrary(family: .mpich, text: "MPICH Version:\t4.0.2\nMPICH Release date:\tThu")
    let mpirun = launcher(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "3"])
    #expect(try #require(mpirun.problem(worldSize: 1, library: mpich)).contains("mpiexec of MPICH"))
  }

  @Test func `a rank without a size is believed`() {
    let rank = launcher(["PMIX_RANK": "2"])
    #expect(rank.rank == 2 && rank.size == nil && rank.problem(worldSize: 9) == nil && rank.isPresent)
  }
}

/// The texts of `MPI_Get_library_version` of several libraries.
struct MPILibraryTests {
  @Test(arguments: [
    (
      "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4", MPILibrary.Family.openMPI,
      "Open MPI 4.1.4", 4
    ),
    ("Open MPI v5.0.7, package: Debian OpenMPI", .openMPI, "Open MPI 5.0.7", 5),
    ("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022", .mpich, "MPICH 4.0.2", 4),
    ("Intel(R) MPI Library 2021.10 for Linux* OS\n", .mpich, "Intel(R) MPI Library 2021.10", 2021),
  ])
  func `name and version are read from the library's text`(
    text: String, family: MPILibrary.Family, name: String, major: Int
  ) {
    let library = MPILibrary(family: family, text: text)
    #expect(library.name == name && library.majorVersion == major)
  }

  @Test func `the loaded library is the one of the headers' family`() {
    #expect(MPILibrary.loaded.majorVersion != nil)
    #expect(MPILibrary.compiled.hasPrefix(MPILibrary.loaded.family.rawValue))
  }

  @Test func `the options of a launcher are those of its version`() {
    let four = LauncherOptions(of: MPILibrary(family: .openMPI, text: "Open MPI v4.1.4"))
    let five = LauncherOptions(of: MPILibrary(family: .openMPI, text: "Open MPI v5.0.7"))
    let mpich = LauncherOptions(of: MPILibrary(family: .mpich, text: "MPICH Version: 4.2.1"))
    #expect(four.keepalive != nil && five.keepalive == nil && mpich.keepalive == nil)
    #expect(four.network("10.0.0.0/24", "eth0").contains("--mca oob_tcp_if_include 10.0.0.0/24"))
    #expect(five.network("10.0.0.0/24", "eth0").contains("--prtemca prte_if_include 10.0.0.0/24"))
    #expect(mpich.network("10.0.0.0/24", "eth0") == "-iface eth0")
    #expect(five.hasSingleCopiesOff { name in name == "OMPI_MCA_smsc" ? "^cma" : nil })
    #expect(!five.hasSingleCopiesOff { _ in nil } && !four.hasSingleCopiesOff { _ in nil })
    #expect(mpich.hasSingleCopiesOff { _ in nil })
  }
}
