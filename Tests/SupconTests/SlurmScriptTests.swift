import Foundation
import TestSupport
import Testing

/// The job scripts of `scripts/slurm` with programs in place of Slurm's, of `scripts/launch.sh` and of a launcher.
struct SlurmScriptTests {
  /// Runs a job script as Slurm does, with the workshop as the project's folder.
  private func run(_ script: String, in workshop: Workshop) throws -> ProcessResult {
    let path = try #require(ProcessInfo.processInfo.environment["PATH"])
    return try runProcess(
      "/bin/bash",
      [projectRoot.appendingPathComponent("scripts/slurm/\(script).sbatch").path, "sweep.yaml", "--output", "run"],
      environment: [
        "PATH": "\(workshop.path("")):\(path)", "SUPCON_ROOT": workshop.path(""), "SLURM_NTASKS": "2",
        "SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "6", "SLURM_ARRAY_TASK_ID": "3",
      ])
  }

  /// Slurm's signal is sent to a job that ends with 75 just then, or after it: the job has saved, and goes on later.
  @Test(arguments: [("train", "7"), ("sweep", "6_3")], ["trap '' USR1", "trap 'exit 75' USR1"])
  func `a job that has saved goes back into the queue`(script: (name: String, job: String), trap: String) throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("scripts"), withIntermediateDirectories: true)
    _ = try workshop.script("scripts/launch.sh", "\(trap)\nsleep 0.3\nkill -USR1 $PPID\nsleep 0.2\nexit 75")
    _ = try workshop.script("scontrol", "echo scontrol \"$@\"")
    let result = try run(script.name, in: workshop)
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardOutput.contains("scontrol requeue \(script.job)\n"))
  }

  /// As where the controller cannot be reached.
  @Test(arguments: ["train", "sweep"])
  func `a job that Slurm does not take back ends with 75 and says what to do`(script: String) throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("scripts"), withIntermediateDirectories: true)
    _ = try workshop.script("scripts/launch.sh", "exit 75")
    _ = try workshop.script("scontrol", "exit 1")
    let result = try run(script, in: workshop)
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(
      result.standardError.contains("\(script).sbatch: Slurm did not take it back: submit the same again to continue"),
      "\(result.standardError)")
  }

  @Test(arguments: ["train", "sweep"])
  func `a job that is submitted in another folder says where to submit it`(script: String) throws {
    let workshop = try Workshop()
    let result = try run(script, in: workshop)
    #expect(result.exitCode == 66, "\(result.standardError)")
    #expect(
      result.standardError.contains("\(script).sbatch: there is no scripts/launch.sh for ")
        && result.standardError.contains("submit this file in the project's folder"), "\(result.standardError)")
  }

  /// Open MPI's settings for long messages between hosts, which a job on one host does not need.
  @Test(arguments: [("1", "unset"), ("2", "send")])
  func `jobs on several nodes have the settings for several hosts`(nodes: String, flags: String) throws {
    let workshop = try Workshop()
    let launcher = try workshop.script(
      "mpirun",
      """
      [ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1.4'; exit 0; }
      echo "flags ${OMPI_MCA_btl_tcp_flags-unset}"
      """)
    let program = try workshop.script("program", "echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'")
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "2", "pretrain"],
      environment: [
        "SUPCON": program, "SUPCON_MPIRUN": launcher, "SLURM_JOB_ID": "7", "SLURM_NTASKS": "2",
        "SLURM_JOB_NUM_NODES": nodes,
      ])
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.standardOutput.contains("flags \(flags)\n"), "\(result.standardOutput)")
  }
}
