import Foundation
import TestSupport
import Testing

/// The findings of `supcon doctor` with their remedies, and the same checks at the start of a run.
struct DoctorTests {
  private static let small = ["--batch-size", "32", "--shard-size", "8", "--shapes-train", "64"]
  private static let doctor = ["doctor"] + small

  private func expectFinding(
    _ result: ProcessResult, _ code: Int32, naming parts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let exitCode = result.exitCode
    let text = result.standardOutput + result.standardError
    #expect(exitCode == code, "\(text)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(text.contains(part), "no '\(part)' in \(text)", sourceLocation: sourceLocation)
    }
  }

  @Test func nothingIsWrongAlone() throws {
    let result = try Workshop().run(Self.doctor)
    expectFinding(result, 0, naming: ["nothing is wrong", "memory", "cores"])
    #expect(result.standardError.isEmpty)
  }

  @Test func `it takes all options of a training, and those of a run from its file`() throws {
    let workshop = try Workshop()
    let run = workshop.path("run")
    let further = ["--steps", "1", "--keep", "2", "--max-time", "1h", "--quiet", "--check-numerics"]
    expectFinding(try workshop.run(Self.doctor + further + ["--output", run]), 0, naming: ["nothing is wrong"])
    let resuming = try workshop.run(["doctor", "--resume", "--output", run])
    expectFinding(resuming, 64, naming: ["--resume", "--config \(run)/config.yaml"])
    try succeeding(workshop.run(["pretrain", "--model", "resnet8", "--output", run] + Self.small + ["--steps", "1"]))
    expectFinding(try workshop.run(["doctor", "--config", "\(run)/config.yaml"]), 0, naming: ["nothing is wrong"])
  }

  @Test func oneCoreForSeveralThreads() throws {
    let workshop = try Workshop()
    let bound = ["--oversubscribe", "--bind-to", "core", "--map-by", "core"]
    let parts = ["tied to 1 core, which 2 threads share", "--bind-to none, or --map-by slot:PE=2 --bind-to core"]
    expectFinding(try workshop.runTwo(Self.doctor + ["--threads", "2"], options: bound), 78, naming: parts)
    let run = try workshop.runTwo(
      ["bench", "--steps", "1", "--threads", "2"] + Self.small, options: bound)
    expectFinding(run, 0, naming: ["note: "] + parts)
  }

  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "every process has the only core"))
  func oneCoreForSeveralThreadsWithoutLauncher() throws {
    let result = try runProcess(
      "/usr/bin/taskset", ["-c", aCore(), builtExecutable("supcon")] + Self.doctor + ["--threads", "2"])
    expectFinding(result, 78, naming: ["tied to 1 core, which 2 threads share", "give --threads 1"])
    // There is no launcher to give an option to.
    #expect(!(result.standardOutput + result.standardError).contains("mpirun"))
  }

  /// As in a container or job that has a part of its host's cores.
  @Test func severalRanksOnTheSameCore() throws {
    let workshop = try Workshop()
    let program = try workshop.script(
      "tied", "exec taskset -c \(aCore()) '\(builtExecutable("supcon"))' \"$@\"")
    let result = try runProcess(
      "/usr/bin/env",
      ["OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "mpirun", "--timeout", "60", "--oversubscribe"]
        + ["--bind-to", "none", "-np", "2", program] + Self.doctor)
    expectFinding(result, 78, naming: ["2 threads of 2 ranks on 1 core", "start fewer ranks there"])
  }

  /// The number of a core that this process may use.
  private func aCore() throws -> String {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { line in line.hasPrefix("Cpus_allowed_list:") })
    return String(line.drop { letter in !letter.isNumber }.prefix { letter in letter.isNumber })
  }

  @Test func moreThreadsThanCores() throws {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    expectFinding(
      try Workshop().run(Self.doctor + ["--threads", "\(cores + 1)"]), 78,
      naming: ["\(cores + 1) threads of 1 rank on \(cores) core", "give --threads \(cores)"])
  }

  @Test func tasksThatDoNotKnowOfEachOther() throws {
    let workshop = try Workshop()
    let result = try runProcess(
      try builtExecutable("supcon"), Self.doctor,
      environment: ["SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"])
    expectFinding(result, 64, naming: ["srun started 2 tasks", "srun --mpi=pmix"])
    // A batch script's own variables are no sign of it.
    let batch = try runProcess(
      try builtExecutable("supcon"), Self.doctor, environment: ["SLURM_NTASKS": "99", "SLURM_PROCID": "0"])
    expectFinding(batch, 0, naming: ["nothing is wrong"])
    _ = workshop
  }

  @Test func anotherProgram() throws {
    let workshop = try Workshop()
    let commands = "cp \"$program\" other && echo >> other && program=./other"
    let parts = ["rank 1 on host", "another build of supcon", "copy one program"]
    expectFinding(try workshop.runTwo(Self.doctor, rankOne: commands), 78, naming: parts)
    expectFinding(try workshop.runTwo(["bench"] + Self.small, rankOne: commands), 78, naming: parts)
  }

  @Test func otherOptions() throws {
    let workshop = try Workshop()
    let parts = ["rank 1 on host", "--temperature 0.5", "there --temperature 0.1", "the same options"]
    let commands = "set -- \"$1\" --temperature 0.5"
    expectFinding(
      try workshop.runTwo(["doctor", "--temperature", "0.1"], rankOne: commands), 64, naming: parts)
    expectFinding(
      try workshop.runTwo(["pretrain", "--temperature", "0.1"] + Self.small, rankOne: commands), 64, naming: parts)
  }

  /// A problem of a single rank is reported by that rank.
  @Test func optionsThatOneRankRefuses() throws {
    let result = try Workshop().runTwo(
      ["bench"] + Self.small, rankOne: "set -- \"$1\" --temperature 0")
    expectFinding(result, 64, naming: ["rank 1", "--temperature 0", "expected a number above 0"])
  }

  @Test func otherData() throws {
    let workshop = try Workshop()
    try workshop.copy("data", to: "elsewhere/data")
    // One pixel of one image.
    try workshop.change("elsewhere/data/data_batch_3.bin") { bytes in bytes[5000] ^= 1 }
    let arguments = ["--dataset", "cifar10", "--data", "data"] + Self.small.prefix(4)
    let parts = ["--data data", "rank 1 on host", "other samples", "put the same data at that path"]
    expectFinding(try workshop.runTwo(["doctor"] + arguments, rankOne: "cd elsewhere"), 65, naming: parts)
    let run = try workshop.runTwo(["pretrain", "--output", "run"] + arguments, rankOne: "cd elsewhere")
    expectFinding(run, 65, naming: parts)
  }

  @Test func otherInstructions() throws {
    let workshop = try Workshop()
    expectFinding(
      try workshop.runTwo(
        Self.doctor + ["--precision", "float32"], rankOne: "export ONEDNN_MAX_CPU_ISA=SSE41 DNNL_MAX_CPU_ISA=SSE41"),
      78, naming: ["all ranks compute with baseline", "rank 1 on host", "--isa baseline", "one kind of CPU"])
  }

  @Test func tooLittleMemory() throws {
    expectFinding(
      try Workshop().run(
        ["doctor", "--batch-size", "1048576", "--activation-memory", "1000000GB"]),
      78, naming: ["of memory are free", "--activation-memory"])
  }

  // Twelve terabytes, without which no batch or shard can be trained.
  @Test func `a run that no host could hold is refused before it takes memory`() throws {
    let workshop = try Workshop()
    let model = Self.small + ["--model", "resnet200", "--width-multiplier", "128"]
    let parts = ["at least", "parameters, optimizer state and gradients", "--width-multiplier"]
    try workshop.expectRefusal(["pretrain", "--output", workshop.path("run")] + model, 64, naming: parts)
    for command in [["plan"], ["bench", "--steps", "1"]] {
      try workshop.expectRefusal(command + model, 64, naming: parts)
    }
    for command in [["plan", "--propose"], ["bench", "--layers", "--steps", "1"]] {
      expectRefusal(try workshop.run(command + model), 64, naming: parts)
    }
    expectFinding(try workshop.run(["doctor"] + model), 64, naming: parts)
  }

  // The checkpoint is of another model, too, but it is not read: on a smaller host that would take the memory.
  @Test func `a run that this host cannot hold is not resumed`() throws {
    let workshop = try Workshop()
    let run = workshop.path("run")
    #expect(try workshop.run(["pretrain", "--model", "resnet8", "--output", run] + Self.small).exitCode == 0)
    var configuration = try String(contentsOfFile: "\(run)/config.yaml", encoding: .utf8)
    for (own, other) in [("model: resnet8", "model: resnet200"), ("width-multiplier: 1", "width-multiplier: 128")] {
      #expect(configuration.contains("\n\(own)\n"))
      configuration = configuration.replacing("\n\(own)\n", with: "\n\(other)\n")
    }
    try configuration.write(toFile: "\(run)/config.yaml", atomically: true, encoding: .utf8)
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", run], 64, naming: ["at least", "parameters, optimizer state and gradients"])
  }

  @Test func anOutputThatCannotBeWritten() throws {
    expectFinding(
      try Workshop().run(Self.doctor + ["--output", "/proc/run"]), 73,
      naming: ["/proc/run", "cannot write", "another --output"])
  }

  @Test func `an output with a finished run is a finding, one with a run to continue a note`() throws {
    let workshop = try Workshop()
    let run = ["pretrain", "--model", "resnet8", "--epochs", "1"] + Self.small
    for (name, code) in [("finished", 0), ("stopped", 75)] as [(String, Int32)] {
      let limit = name == "stopped" ? ["--max-time", "0.000001"] : []
      #expect(try workshop.run(run + ["--output", workshop.path(name)] + limit).exitCode == code)
    }
    for ranks in [1, 2] {
      expectFinding(
        try workshop.run(ranks: ranks, Self.doctor + ["--output", workshop.path("finished")]), 73,
        naming: ["finding: \(workshop.path("finished")): holds a finished run (2 of 2 steps)", "--extend-epochs N"])
    }
    expectFinding(
      try workshop.run(Self.doctor + ["--output", workshop.path("stopped")]), 0,
      naming: ["note: \(workshop.path("stopped")): holds a run (1 of 2 steps)", "--resume", "nothing is wrong"])
  }

  /// Ranks in user namespaces of their own may not look into each other, as in containers.
  @Test(.enabled(if: mayMakeUserNamespaces, "the kernel allows no user namespaces"))
  func refusedSingleCopies() throws {
    let result = try Workshop().runTwo(
      Self.doctor, rankOne: "exec unshare --user --map-root-user \"$program\" \"$@\"")
    expectFinding(result, 78, naming: ["memory of the rank beside it", "btl_vader_single_copy_mechanism none"])
  }

  /// As another user than root, Open MPI 4's mpirun deadlocks when a rank enters a user namespace.
  private static let mayMakeUserNamespaces: Bool = {
    guard getuid() == 0 else { return false }
    let result = try? runProcess("/usr/bin/env", ["unshare", "--user", "--map-root-user", "true"])
    return result?.exitCode == 0
  }()
}
