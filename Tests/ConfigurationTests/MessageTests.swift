import Configuration
import Foundation
import Spelling
import Testing

/// Messages that name the remedy, and numbers in them.
struct MessageTests {
  @Test(arguments: [
    (Double.nan, "NaN", "NaN"), (-Double.nan, "NaN", "NaN"), (Double(Float(1e30)), "1e+30", "1.0000000150474662e+30"),
    (1e30, "1e+30", "1e+30"), (0.25, "0.25", "0.25"), (-.infinity, "-inf", "-inf"),
  ])
  func `numbers are shown`(value: Double, short: String, whole: String) {
    #expect(decimal(value, 2) == short)
    #expect(plain(value) == whole)
  }

  @Test(
    arguments: [
      (4.5, "4.5 s"), (59.96, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (1e300, "1e+300 s"),
      (.infinity, "inf s"), (-.nan, "NaN s"),
    ] as [(Double, String)])
  func `times are shown`(seconds: Double, text: String) {
    #expect(duration(seconds) == text)
  }

  @Test(arguments: [
    (16, 32, "--batch-size 16 is smaller than --shard-size 32; give --shard-size 16 (one shard) or 8 (two) too"),
    (7, 32, "--batch-size 7 is smaller than --shard-size 32; give --shard-size 7 (one shard) too"),
    (100, 32, "--batch-size 100: expected a multiple of --shard-size 32; choose 96 or another shard size"),
  ])
  func `batches that are not of whole shards are refused`(batch: Int, shard: Int, message: String) {
    #expect(BatchOptions.problem(ofBatch: batch, inShardsOf: shard)?.description == message)
    #expect(BatchOptions.problem(ofBatch: 3 * shard, inShardsOf: shard) == nil)
  }

  @Test(arguments: [
    ("epochs:1\n", "c.yaml:1: 'epochs:1': a space is missing after the colon"),
    ("seed: 3\nepochs:1\n", "c.yaml:2: 'epochs:1': a space is missing after the colon"),
    ("epochs:1\r\nseed: 3\r\n", "c.yaml:1: 'epochs:1': a space is missing after the colon"),
    (
      "seed: 1\noptimizer:\n  name: sgd\n  lr: 0.1\n",
      "c.yaml:2: optimizer: expected one value; options are not nested: write 'optimizer: sgd' and 'learning-rate: 0.1'"
    ),
    (
      "training:\n  epochs: 5\n",
      "c.yaml:1: training: expected one value; options are not nested: write 'epochs: 5'"
    ),
    ("seed: 1\nseed: 2\n", "c.yaml:1: option 'seed' is given more than once; keep one"),
  ])
  func `a file that is not one option a line`(text: String, message: String) {
    let error = #expect(throws: RunError.self) { try Configuration(yaml: text, path: "c.yaml") }
    #expect(error?.description == message)
  }

  @Test func `a fault behind the last line has the number of a line`() throws {
    let error = #expect(throws: RunError.self) { try Configuration(yaml: "seed: [1, 2\n", path: "c.yaml") }
    #expect(error?.description.hasPrefix("c.yaml:1: is not valid YAML") == true, "\(error?.description ?? "")")
  }

  @Test func `a folder in place of a file of options`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let empty = #expect(throws: RunError.self) { try ConfigurationFile.read(folder) }
    #expect(empty?.description == "\(folder): is a folder; give the YAML file in it")
    try Data().write(to: URL(fileURLWithPath: "\(folder)/config.yaml"))
    let run = #expect(throws: RunError.self) { try ConfigurationFile.read(folder) }
    #expect(run?.description == "\(folder): is a folder; give \(folder)/config.yaml")
  }

  @Test(arguments: [("amp", "precision"), ("syncBN", "batch-norm"), ("cos", "schedule"), ("use_amp", "precision")])
  func `flags of other programs are told with their values`(name: String, option: String) {
    #expect(PeerNames.advice(name)?.option == option)
    #expect(ConfigurationOption.named(option) != nil)
    #expect(PeerNames.advice(name)?.text.hasPrefix("--\(option) ") == true)
  }
}
