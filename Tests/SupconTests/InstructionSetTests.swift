import OneDNN
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

  @Test func `An unknown level is refused with the known ones`() throws {
    let workshop = try Workshop()
    let result = try runUnderMPI(
      ranks: 1, "/usr/bin/env", ["SUPCON_ISA=AVX2", try builtExecutable("supcon"), "pretrain"] + Self.options)
    expectRefusal(
      result, 64, naming: ["SUPCON_ISA=AVX2", "auto, avx512-amx, avx512-bf16, avx512, avx2, baseline"])
    withExtendedLifetime(workshop) {}
  }
}

extension InstructionSet {
  fileprivate static var offersAVX2: Bool { (effective ?? .baseline) >= .avx2 }
}
