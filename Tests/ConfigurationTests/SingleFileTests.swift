import Configuration
import Foundation
import Testing

/// Options of a folder beside a list of labels or a pack, which say themselves what belongs to which split.
struct SingleFileTests {
  /// Calls `body` with the paths of a list and of a file with the beginning of a pack.
  private func withFiles(_ body: (_ list: String, _ pack: String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (list, pack) = ("\(folder)/list.csv", "\(folder)/pack.safetensors")
    try Data("a.png,cat\nb.png,dog\n".utf8).write(to: URL(fileURLWithPath: list))
    try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(to: URL(fileURLWithPath: pack))
    try body(list, pack)
  }

  @Test(arguments: [
    ("--train-folder t", true), ("--train-folder t --validation-folder v", true),
    ("--train-folder . --test-folder none", true), ("--bad-images skip", false), ("--bad-images stop", false),
    ("--decode scaled", false), ("--sixteen-bit scale", false), ("--sixteen-bit clip", false),
  ])
  func `an option of folders is refused for a pack, and for a list if it says a split`(
    options: String, isOfSplits: Bool
  ) throws {
    try withFiles { list, pack in
      let name = String(options.prefix { letter in letter != " " })
      for (path, isRefused) in [(list, isOfSplits), (pack, true)] {
        let error = refusal("--dataset folder --data \(path) \(options)")
        #expect((error != nil) == isRefused, "\(path): \(error?.description ?? "accepted")")
        guard let error else { continue }
        #expect(error.exitCode == .usage && error.description.hasPrefix(name), "\(error)")
        #expect(error.description.contains("goes with a folder of images, not with the file \(path)"), "\(error)")
        // As supcon dataset info, which has no batches, reads the options.
        let overrides = given("--dataset folder --data \(path) \(options)")
        #expect(overrides.applied(to: Configuration()).dataProblem(given: overrides)?.problem == error.problem)
      }
      #expect(refusal("--dataset folder --data \(list)x \(options)") == nil)
    }
  }

  @Test(arguments: ["--validation-folder v", "--test-folder t", "--validation-folder none"])
  func `the folder of a split beside a file is refused without asking for that of the training images`(options: String)
    throws
  {
    try withFiles { list, pack in
      for path in [list, pack] {
        let error = try #require(refusal("--dataset folder --data \(path) \(options)"))
        #expect(error.description.contains("goes with a folder of images, not with the file \(path)"), "\(error)")
        #expect(!error.description.contains("--train-folder"), "\(error)")
      }
    }
  }

  @Test func `the options that a report shows do not depend on files that may be gone`() throws {
    try withFiles { list, pack in
      for path in [list, pack, "\(pack)x"] {
        let run = given("--dataset folder --data \(path)").applied(to: Configuration())
        for name in ["train-folder", "bad-images", "decode", "sixteen-bit"] {
          #expect(ConfigurationOption.named(name)?.hasEffect(in: run) == true, "\(name), \(path)")
        }
      }
      // The dataset is an option.
      #expect(ConfigurationOption.named("decode")?.hasEffect(in: Configuration()) == false)
    }
  }

  @Test func `stored options of a folder do not forbid a pack`() throws {
    try withFiles { list, pack in
      for path in [list, pack] {
        var stored = given("--dataset folder --data \(path)")
        stored.set(\.data.trainFolder, to: "train")
        stored.set(\.data.validationFolder, to: "val")
        stored.set(\.data.badImages, to: .skip)
        let command = TrainingCommand.pretrain
        #expect(command.problem(stored.applied(to: command.defaults), given: stored, ranks: 1) == nil)
        #expect(stored.applied(to: Configuration()).dataProblem == nil)
      }
    }
  }
}
