import Foundation
import TestSupport
import Testing

/// Launchers of another MPI, and srun without an interface for MPI: each starts N jobs of one rank, which must not
/// begin.
struct ForeignLauncherTests {
  private static let small = [
    "pretrain", "--steps", "1", "--batch-size", "32", "--shard-size", "8", "--shapes-train", "64",
  ]

  @Test(arguments: [
    ["PMI_RANK=0", "PMI_SIZE=2"],
    ["PMI_RANK=0", "PMI_SIZE=2", "SLURM_STEP_NUM_TASKS=2", "SLURM_PROCID=0"],
    ["OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2"],
  ])
  func `ranks that do not know of each other are refused before anything is written`(variables: [String]) throws {
    let workshop = try Workshop()
    let result = try runProcess(
      "/usr/bin/env", variables + [try builtExecutable("supcon")] + Self.small + ["--output", workshop.path("run")])
    #expect(result.exitCode == 64, "\(result.standardError)")
    #expect(result.standardError.contains("started 2 processes (") && result.standardError.contains("knows of 1 rank"))
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
  }

  @Test func `tasks of a plain srun are refused before MPI is initialized`() throws {
    let workshop = try Workshop()
    let result = try runProcess(
      "/usr/bin/env",
      ["SLURM_STEP_NUM_TASKS=2", "SLURM_PROCID=0", try builtExecutable("supcon")] + Self.small
        + ["--output", workshop.path("run")])
    #expect(result.exitCode == 64, "\(result.standardError)")
    #expect(result.standardError.contains("srun started 2 tasks") && result.standardError.contains("--mpi=pm"))
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
  }

  @Test(arguments: [
    ["PMI_RANK=1", "PMI_SIZE=2"], ["RANK=1", "WORLD_SIZE=2", "LOCAL_RANK=1"],
    ["SLURM_PROCID=1", "SLURM_STEP_NUM_TASKS=2"],
  ])
  func `a lone process with a rank above 0 says why it ends`(variables: [String]) throws {
    let workshop = try Workshop()
    let result = try runProcess(
      "/usr/bin/env", variables + [try builtExecutable("supcon")] + Self.small + ["--output", workshop.path("run")])
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains("started 2 "), "\(result.standardError)")
    // With the launcher's other variables, rank 0 speaks.
    let sign =
      variables[0].hasPrefix("PMI") ? "PMI_FD=9" : variables[0].hasPrefix("R") ? "MASTER_ADDR=a" : "SLURM_STEP_ID=0"
    let quiet = try runProcess(
      "/usr/bin/env",
      variables + [sign, try builtExecutable("supcon"), "pretrain", "--epochs", "none"])
    #expect(quiet.exitCode == 64 && quiet.standardError.isEmpty, "\(quiet.standardError)")
  }

  @Test func `the version names everything that decides the bits`() throws {
    let result = try runProcess(try builtExecutable("supcon"), ["--version"])
    #expect(result.exitCode == 0)
    let names = result.standardOutput.split(separator: "\n").compactMap { line in line.split(separator: " ").first }
    #expect(names == ["supcon", "commit", "compilers", "MPI", "oneDNN", "instructions"])
  }

  /// Programs that are started alone share nothing: a session folder would be removed by the one that ends first.
  @Test func `processes side by side do not disturb each other`() throws {
    let script = """
      for stream in 1 2 3 4; do
        (for start in 1 2 3 4 5; do "$0" loss --help >/dev/null && "$0" doctor --shapes-train 64 --batch-size 32 --shard-size 8 \
        >/dev/null 2>&1; [ $? -le 78 ] && [ $? != 1 ] || echo failed; done) &
      done
      wait
      ls -d "${TMPDIR:-/tmp}"/ompi.*/pid.* 2>/dev/null | wc -l
      """
    let workshop = try Workshop()
    let result = try runProcess(
      "/usr/bin/env", ["TMPDIR=\(workshop.path("."))", "sh", "-c", script, try builtExecutable("supcon")])
    #expect(!result.standardOutput.contains("failed"))
    #expect(result.lastLine == "0", "\(result.standardOutput)")
  }
}
