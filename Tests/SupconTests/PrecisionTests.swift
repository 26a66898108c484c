import TestSupport
import Testing

/// The choice of `--precision` by the CPUs of all ranks.
///
/// A rank whose oneDNN is limited to instructions without bfloat16 simulates an older CPU.
struct PrecisionTests {
  /// Runs `supcon` on two ranks, the second of which has no bfloat16.
  private func runWithAnOlderCPU(_ workshop: Workshop, _ options: [String]) throws -> ProcessResult {
    let script = """
      if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then export DNNL_MAX_CPU_ISA=AVX512_CORE; fi
      exec "$0" "$@"
      """
    return try runUnderMPI(
      ranks: 2, "/bin/sh",
      ["-c", script, try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data]
        + Workshop.configuration + options)
  }

  @Test func oneOlderCPUMakesAutoFloat32() throws {
    let workshop = try Workshop()
    try succeeding(runWithAnOlderCPU(workshop, ["--steps", "1", "--output", workshop.path("mixed")]))
    #expect(try workshop.summary("mixed").text("precision") == "float32")
    #expect(try workshop.text("mixed/config.yaml").contains("precision: float32\n"))
  }

  @Test func bfloat16IsRefusedWhereARankLacksIt() throws {
    let workshop = try Workshop()
    let before = try FolderSnapshot(workshop.path("."))
    let result = try runWithAnOlderCPU(
      workshop, ["--steps", "1", "--precision", "bfloat16", "--output", workshop.path("run")])
    // Where no CPU has it, rank 0 is named.
    expectRefusal(result, 64, naming: ["--precision bfloat16", "CPU of rank", "choose float32 or auto"])
    #expect(try FolderSnapshot(workshop.path(".")).changes(since: before).isEmpty)
  }

  @Test func aRunKeepsThePrecisionItWasBegunWith() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--precision", "float32"]))
    // `auto`, the default, is no contradiction on resume; another precision is.
    try succeeding(workshop.resume("run", ["--steps", "2", "--precision", "auto"]))
    #expect(try workshop.summary("run").text("precision") == "float32")
    expectRefusal(
      try workshop.resume("run", ["--steps", "3", "--precision", "bfloat16"]), 78, naming: ["--precision bfloat16"])
  }
}
