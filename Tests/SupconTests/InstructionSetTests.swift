import OneDNN
import Processor
import TestSupport
import Testing

/// `SUPCON_ISA` and oneDNN's own variable.
struct InstructionSetTests {
  private static let options = Workshop.configuration + ["--steps", "2", "--precision", "float32"]

  /// The hash of the weights that a number of ranks train with some variables set.
  private func weights(
    _ workshop: Workshop, _ name: String, ranks: Int, _ variables: [String]
  ) throws -> String {
    let output = workshop.path(name)
    try succeeding(
      runUnderMPI(
        ranks: ranks, "/usr/bin/env",
        variables + [
          try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output",
          output,
        ] + Self.options))
    return try workshop.summary(name).text("weights_sha256")
  }

  @Test(.enabled(if: InstructionSet.offersAVX2, "this CPU has no AVX2"))
  func `A limit has one hash on one and two ranks, set by either variable`() throws {
    let workshop = try Workshop()
    let alone = try weights(workshop, "alone", ranks: 1, ["SUPCON_ISA=avx2"])
    #expect(try weights(workshop, "two", ranks: 2, ["SUPCON_ISA=avx2"]) == alone)
    #expect(try weights(workshop, "library", ranks: 1, ["ONEDNN_MAX_CPU_ISA=AVX2"]) == alone)
    if (InstructionSet.effective ?? .baseline) > .avx2 {
      #expect(try weights(workshop, "unlimited", ranks: 1, ["SUPCON_ISA=auto"]) != alone)
    }
  }

  @Test(.enabled(if: InstructionSet.offersMoreThanAVX2, "this CPU offers AVX2 at most"))
  func `The level is recorded, and noted when a run continues with another`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "1", "--precision", "float32", "--isa", "avx2"]))
    #expect(try workshop.summary("run").text("isa") == "avx2")
    let highest = try #require(InstructionSet.fastest(ofFeatures: InstructionSet.effectiveFeatures, below: nil))
    let note = "trained with --isa avx2 until now, continues with \(highest.rawValue)"
    let same = try succeeding(workshop.resume("run", ["--steps", "2", "--isa", "avx2"]))
    #expect(!(same.standardOutput + same.standardError).contains("continues with"))
    let other = try succeeding(workshop.resume("run", ["--steps", "3"]))
    #expect((other.standardOutput + other.standardError).contains(note))
    #expect(try workshop.summary("run").text("isa") == highest.rawValue)
  }

  /// The variables of each rank are set by a shell, which knows its rank from the launcher.
  @Test(.enabled(if: InstructionSet.offersMoreThanAVX2, "this CPU offers AVX2 at most"), arguments: [0, 1])
  func `All ranks take the lowest level of any rank, and with it auto its precision`(limited: Int) throws {
    let workshop = try Workshop()
    let both = try weights(workshop, "both", ranks: 2, ["SUPCON_ISA=avx2"])
    let output = workshop.path("mixed")
    let result = try runUnderMPI(
      ranks: 2, "/bin/sh",
      [
        "-c", "[ ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} != \(limited) ] || export SUPCON_ISA=avx2; exec \"$@\"", "sh",
        try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", output,
      ] + Workshop.configuration + ["--steps", "2", "--precision", "auto"])
    try succeeding(result)
    #expect(try workshop.summary("mixed").text("weights_sha256") == both)
    let notes = (result.standardOutput + result.standardError).split(separator: "\n").filter { line in
      line.contains("all ranks compute with AVX2")
    }
    #expect(notes.count == 1)
    #expect(notes.first?.contains("rank \(limited) on host") == true)
    #expect(result.standardOutput.contains("precision: float32, as "))
    #expect(!result.standardOutput.contains("float32, as AVX2 does not multiply bfloat16 numbers (rank"))
  }

  @Test(.enabled(if: InstructionSet.hasBfloat16, "this CPU has no bfloat16 convolutions"))
  func `The rank that lacks bfloat16 is named, though all take its level`() throws {
    let workshop = try Workshop()
    let result = try runUnderMPI(
      ranks: 2, "/bin/sh",
      [
        "-c", "[ ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} != 1 ] || export SUPCON_ISA=avx512; exec \"$@\"", "sh",
        try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output",
        workshop.path("refused"),
      ] + Workshop.configuration + ["--steps", "2", "--precision", "bfloat16"])
    expectRefusal(result, 64, naming: ["--precision bfloat16", "rank 1 on", "choose float32 or auto"])
  }

  @Test func `An unknown level is refused with the known ones`() throws {
    let workshop = try Workshop()
    let result = try runUnderMPI(
      ranks: 1, "/usr/bin/env", ["SUPCON_ISA=AVX2", try builtExecutable("supcon"), "pretrain"] + Self.options)
    expectRefusal(
      result, 64,
      naming: ["SUPCON_ISA=AVX2", "auto, avx512-amx, avx512-bf16, avx512-bf16-maps, avx512, avx2, baseline"])
    withExtendedLifetime(workshop) {}
  }
}

extension InstructionSet {
  fileprivate static var offersAVX2: Bool { (effective ?? .baseline) >= .avx2 }
  fileprivate static var offersMoreThanAVX2: Bool { (effective ?? .baseline) > .avx2 }
}
