import Foundation
import Testing

/// Checkpoints that were cut off or changed: the one before is used, and never a fresh start.
struct DamagedCheckpointTests {
  private static let newest = "checkpoints/step-00000004.safetensors"

  /// A run with checkpoints of steps 2 and 4.
  private func workshopWithARun() throws -> Workshop {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "4", "--checkpoint-steps", "2", "--image-size", "16"]))
    return workshop
  }

  /// Ways to damage a file; the tests of Runs have more.
  enum Damage: CaseIterable {
    case cutOff
    case weight

    func apply(to bytes: inout Data) {
      switch self {
      case .cutOff: bytes.removeLast()
      case .weight: bytes[bytes.count / 3] ^= 16
      }
    }
  }

  @Test func theOneBeforeIsUsed() throws {
    let workshop = try workshopWithARun()
    let expected = try workshop.weights("undisturbed", ["--steps", "5", "--image-size", "16"])
    for (index, damage) in Damage.allCases.enumerated() {
      let copy = "\(damage)"
      try workshop.copy("run", to: copy)
      try workshop.change("\(copy)/\(Self.newest)", damage.apply)
      let result = try succeeding(workshop.resume(copy, ranks: index == 0 ? 3 : 1, ["--steps", "5"]))
      let warnings = result.standardOutput.split(whereSeparator: \.isNewline).filter { line in
        line.hasPrefix("warning: ")
      }
      #expect(warnings.count == 1, "\(damage)")
      #expect(warnings.first?.contains("\(copy)/\(Self.newest)") == true, "\(damage)")
      #expect(result.standardOutput.contains("continuing after step 2"), "\(damage)")
      let found = try workshop.weights(of: copy)
      #expect(found == expected, "\(damage)")
    }
  }

  @Test func aNewRunBeginsWithTheOneBefore() throws {
    let workshop = try workshopWithARun()
    try workshop.change("run/\(Self.newest)", Damage.weight.apply)
    let options = ["--steps", "0", "--batch-size", "32", "--output", workshop.path("new")]
    let result = try succeeding(workshop.run(["supervised", "--init", workshop.path("run")] + options))
    #expect(result.standardOutput.contains("warning: ") && result.standardOutput.contains(Self.newest))
    let before = try WeightsFile(path: workshop.path("run/checkpoints/step-00000002.safetensors"))
    let beginning = try WeightsFile(path: workshop.path("new/encoder.safetensors"))
    #expect(beginning.tensors["encoder.conv1.weight"] == before.tensors["encoder.conv1.weight"])
  }

  @Test func allDamagedIsNoFreshStart() throws {
    let workshop = try workshopWithARun()
    for name in try workshop.checkpoints("run") {
      try workshop.change("run/checkpoints/\(name)", Damage.weight.apply)
    }
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("run"), "--steps", "5"], 65,
      naming: [workshop.path("run/checkpoints"), "all 2 checkpoints are damaged", "checksum", "backup"])
    try workshop.expectRefusal(
      ["linear", "--run", workshop.path("run")], 65, naming: ["all 2 checkpoints are damaged"])
  }
}
