import Foundation
import Testing

/// Error messages for problems of the data.
struct DataErrorTests {
  @Test func missingFolder() throws {
    let workshop = try Workshop()
    try expectRefusal(workshop, 66, naming: [workshop.data, "there is no such file or folder", "give --data"]) {
      try FileManager.default.removeItem(atPath: workshop.data)
    }
  }

  @Test func missingFile() throws {
    let workshop = try Workshop()
    try expectRefusal(workshop, 66, naming: ["data/data_batch_3.bin", "No such file", "data_batch_5.bin"]) {
      try FileManager.default.removeItem(atPath: workshop.path("data/data_batch_3.bin"))
    }
  }

  @Test func fileShortByAByte() throws {
    let workshop = try Workshop()
    let size = SyntheticCIFAR.trainingCount / 5 * SyntheticCIFAR.recordByteCount
    try expectRefusal(
      workshop, 65, naming: ["data/data_batch_2.bin", "expected 30730000 bytes", "\(size - 1)", "download complete?"]
    ) {
      try workshop.change("data/data_batch_2.bin") { bytes in bytes.removeLast() }
    }
  }

  @Test func labelOutOfRange() throws {
    let workshop = try Workshop()
    try expectRefusal(
      workshop, 65, naming: ["data/data_batch_4.bin", "record 7", "label 10", "expected 0 to 9", "is this CIFAR-10?"]
    ) {
      try workshop.change("data/data_batch_4.bin") { bytes in bytes[7 * SyntheticCIFAR.recordByteCount] = 10 }
    }
  }

  @Test func fewerSamplesThanABatch() throws {
    let workshop = try Workshop()
    try expectRefusal(
      workshop, 64,
      naming: [
        "--batch-size 256", "only \(SyntheticCIFAR.trainingCount)",
        "leave --batch-size and --shard-size out (64 in shards of 8)",
      ],
      batchSize: 256
    ) {}
  }

  @Test func damagedTestSetInTheLinearStage() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    try workshop.change("data/test_batch.bin") { bytes in bytes.removeLast() }
    try workshop.expectRefusal(
      ["linear", "--run", workshop.path("run"), "--batch-size", "32"], 65,
      naming: ["data/test_batch.bin", "expected", "found", "download complete?"])
  }

  /// Checks that neither a new run begins nor an earlier one is touched after `damage` was done to the data.
  private func expectRefusal(
    _ workshop: Workshop, _ code: Int32, naming parts: [String], batchSize: Int = 32,
    sourceLocation: SourceLocation = #_sourceLocation, after damage: () throws -> Void
  ) throws {
    try succeeding(workshop.pretrain("earlier", ["--steps", "0"]))
    try damage()
    try workshop.expectRefusal(
      [
        "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--batch-size", "\(batchSize)",
        "--shard-size", "8", "--output", workshop.path("new"),
      ], code, naming: parts, sourceLocation: sourceLocation)
    let continued = ["pretrain", "--resume", "--output", workshop.path("earlier"), "--steps", "2"]
    if batchSize == 32 {
      let result = try workshop.run(continued)
      SupconTests.expectRefusal(result, code, naming: parts, sourceLocation: sourceLocation)
      #expect(try workshop.checkpoints("earlier") == ["step-00000000.safetensors"], sourceLocation: sourceLocation)
    }
  }
}
