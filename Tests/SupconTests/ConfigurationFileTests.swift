import Foundation
import TestSupport
import Testing

/// `--config FILE` and `--recipe NAME`: what overrides what, and what is refused.
struct ConfigurationFileTests {
  @Test func unreadableFileIsRefused() throws {
    let workshop = try Workshop()
    try workshop.expectRefusal(
      ["pretrain", "--config", workshop.path("none.yaml")], 66, naming: ["none.yaml"])
    try workshop.expectRefusal(
      ["bench", "--config", workshop.path(".")], 78, naming: ["is a folder", "give the YAML file in it"])
    try Data([0x6d, 0xff, 0xfe]).write(to: URL(fileURLWithPath: workshop.path("bytes.yaml")))
    try workshop.expectRefusal(
      ["doctor", "--config", workshop.path("bytes.yaml")], 78, naming: ["bytes.yaml", "UTF-8"])
  }

  @Test func valueOutOfRangeIsRefusedAsOnTheCommandLine() throws {
    let workshop = try Workshop()
    try "temperature: 0\n".write(toFile: workshop.path("zero.yaml"), atomically: true, encoding: .utf8)
    try workshop.expectRefusal(
      ["pretrain", "--config", workshop.path("zero.yaml")], 64, naming: ["--temperature 0", "above 0"])
  }

  @Test func flagsOverrideTheFileAndTheFileTheRecipe() throws {
    let workshop = try Workshop()
    let file = """
      # Smaller than the recipe's.
      batch-size: 32
      shard-size: 4
      seed: 18446744073709551615
      head-widths: [48, 64]
      """
    try file.write(toFile: workshop.path("file.yaml"), atomically: true, encoding: .utf8)
    try succeeding(
      workshop.run([
        "pretrain", "--recipe", "cifar10-resnet20-supcon", "--config", workshop.path("file.yaml"), "--data",
        workshop.data, "--shard-size", "8", "--steps", "0", "--output", workshop.path("run"),
      ]))
    let options = try options(of: workshop, "run")
    #expect(options["temperature"].flatMap { text in Double(text) } == 0.07, "the recipe over the default")
    #expect(options["augmentation"] == "autoaugment-cifar10" && options["shortcut"] == "A")
    #expect(options["batch-size"] == "32", "the file over the recipe")
    #expect(options["head-widths"] == "48,64" && options["seed"] == "18446744073709551615")
    #expect(options["shard-size"] == "8", "a flag over both")
    #expect(options["keep"] == "3", "the default where nobody says anything")
  }

  @Test func configurationOfARunMakesTheSameRun() throws {
    let workshop = try Workshop()
    let options = ["--steps", "2", "--optimizer", "lars", "--weight-decay", "0.00001", "--stem", "imagenet"]
    let expected = try workshop.weights("first", options)
    try succeeding(
      workshop.run([
        "pretrain", "--config", workshop.path("first/config.yaml"), "--output", workshop.path("second"),
      ]))
    #expect(try workshop.weights(of: "second") == expected)
    #expect(try workshop.text("second/config.yaml") == workshop.text("first/config.yaml"))
    // It may also be named when the run goes on.
    try succeeding(workshop.resume("second", ["--config", workshop.path("first/config.yaml"), "--steps", "3"]))
  }

  @Test func configurationOfAFolderRunMakesTheSameRun() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--output", workshop.path("shapes"), "--train", "40", "--test", "20",
      ]))
    try succeeding(
      workshop.run([
        "pretrain", "--dataset", "folder", "--data", workshop.path("shapes"), "--batch-size", "16", "--shard-size", "4",
        "--steps", "1", "--output", workshop.path("first"),
      ]))
    let configuration = try workshop.text("first/config.yaml")
    for resolved in ["dataset-fingerprint", "mean", "std", "image-size", "precision", "stem"] {
      #expect(configuration.contains("\(resolved): "), "\(resolved)")
    }
    try succeeding(
      workshop.run([
        "pretrain", "--config", workshop.path("first/config.yaml"), "--output", workshop.path("second"),
      ]))
    #expect(try workshop.weights(of: "second") == workshop.weights(of: "first"))

    // Other images than those that the file was resolved for.
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--output", workshop.path("more"), "--train", "50", "--test", "20",
      ]))
    let result = try workshop.run([
      "pretrain", "--config", workshop.path("first/config.yaml"), "--data", workshop.path("more"), "--output",
      workshop.path("third"),
    ])
    expectRefusal(result, 78, naming: ["more", "the run of --config", "dataset-fingerprint"])
  }

  @Test func olderRunsLackNewerOptions() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("whole", ["--steps", "3"])
    try succeeding(workshop.pretrain("old", ["--steps", "1"]))
    let newer = ["summation", "head-batch-norm", "beta2", "last-batch", "sampler", "schedule"]
    let lines = try workshop.text("old/config.yaml").split(separator: "\n").filter { line in
      !newer.contains { name in line.hasPrefix("\(name): ") }
    }
    #expect(lines.count > 40)
    try workshop.change("old/config.yaml") { bytes in
      bytes = Data((lines.joined(separator: "\n") + "\n").utf8)
    }
    #expect(try workshop.resumedWeights("old", ["--steps", "3"]) == expected)

    try workshop.change("old/config.yaml") { bytes in bytes += Data("tempo: 3\n".utf8) }
    expectRefusal(
      try workshop.resume("old", ["--steps", "4"]), 78, naming: ["config.yaml:", "unknown option 'tempo'"])
  }

  private func options(of workshop: Workshop, _ run: String) throws -> [String: String] {
    let lines = try workshop.text("\(run)/config.yaml").split(separator: "\n")
    let pairs = lines.map { line in line.components(separatedBy: ": ") }
    return Dictionary(
      uniqueKeysWithValues: pairs.map { pair in
        (pair[0], pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "'\"")))
      })
  }
}
