import Foundation
import Testing

/// Options and checkpoints that contradict the run that is being continued: 78, by name.
struct ResumeConflictTests {
  @Test func `steps, epochs and datasets that a run cannot take are told as such, and nothing changes`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "2", "--image-size", "16"]))
    let resume = ["pretrain", "--resume", "--output", workshop.path("run")]
    let before = try workshop.text("run/config.yaml")
    let past = try succeeding(workshop.run(resume + ["--steps", "1"]))
    #expect(past.standardOutput.contains("is finished, 2 of 2 steps"))
    #expect(try workshop.text("run/config.yaml") == before)
    try workshop.expectRefusal(
      resume + ["--dataset", "shapes"], 78, naming: ["--dataset shapes", "was begun with cifar10"])
    try workshop.expectRefusal(
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
        + Workshop.configuration, 73, naming: ["(2 of 2 steps)", "--resume --steps N"])
    try workshop.expectRefusal(
      ["pretrain", "--dataset", "shapes", "--resume", "--extend-epochs", "5", "--output", workshop.path("none")], 66,
      naming: ["--extend-epochs 5", "holds no run", "give --epochs 5"])
  }

  @Test func `advice names no option that the command lacks`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    for name in ["trainA", "trainB", "testA", "testB"] {
      try FileManager.default.createDirectory(
        atPath: workshop.path("gan/\(name)"), withIntermediateDirectories: true)
      try Data([1]).write(to: URL(fileURLWithPath: workshop.path("gan/\(name)/1.png")))
    }
    let (run, data) = (workshop.path("run"), workshop.path("gan"))
    let transfer = ["--transfer-dataset", "folder", "--transfer-data", data]
    let result = try workshop.run(["evaluate", run] + transfer)
    expectRefusal(result, 65, naming: ["may be splits without classes", "links to these that are named train"])
    #expect(!result.standardError.contains("--train-folder"), "\(result.standardError)")
    let own = try workshop.run(["dataset", "info", "--data", data])
    expectRefusal(own, 65, naming: ["--train-folder"])
    try succeeding(workshop.run(["export", run, "--output", workshop.path("e.safetensors")]))
    let imported = try workshop.run([
      "import", "--weights", workshop.path("e.safetensors"), "--layout", "ge", "--model", "resnet20", "--dataset",
      "shapes", "--output", run,
    ])
    expectRefusal(imported, 73, naming: ["holds a finished run", "choose another --output"])
    #expect(!imported.standardError.contains("--resume"), "\(imported.standardError)")
  }

  @Test func `a contrastive loss of single samples is refused`() throws {
    let workshop = try Workshop()
    for loss in ["supcon", "simclr"] {
      let options = ["--batch-size", "1", "--shard-size", "1", "--output", workshop.path("run")]
      expectRefusal(
        try workshop.run(["pretrain", "--loss", loss] + options), 64, naming: ["--batch-size 1", "no negatives"])
    }
  }

  @Test func optionsOfAnotherRun() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    for (options, parts) in [
      (["--seed", "7"], ["--seed 7", "begun with 0"]),
      (["--model", "resnet32"], ["--model resnet32", "begun with resnet20"]),
      (["--batch-size", "64"], ["--batch-size 64", "begun with 32"]),
      (["--gather-precision", "bfloat16"], ["--gather-precision bfloat16", "begun with float32"]),
      (["--learning-rate", "0.2"], ["--learning-rate 0.2", "begun with 0.1"]),
      (["--batch-norm", "global"], ["--batch-norm global", "begun with shard"]),
    ] {
      try workshop.expectRefusal(
        ["pretrain", "--resume", "--output", workshop.path("run")] + options, 78,
        naming: parts + [workshop.path("run"), "leave the option out"])
    }
  }

  @Test func valuesThatAreWrongInThemselves() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    for (options, part) in [
      (["--model", "vgg"], "--model vgg"), (["--precision", "float16"], "--precision float16"),
      (["--batch-size", "30"], "multiple of --shard-size 4"),
    ] {
      try workshop.expectRefusal(
        ["pretrain", "--resume", "--output", workshop.path("run")] + options, 64, naming: [part])
    }
  }

  // CheckpointFolderTests has other options.
  @Test func checkpointOfAnotherRun() throws {
    let workshop = try Workshop()
    let options = ["--temperature", "0.2"]
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    try succeeding(workshop.pretrain("other", ["--steps", "0"] + options))
    let checkpoint = "checkpoints/step-00000000.safetensors"
    try workshop.copy("other/\(checkpoint)", to: "run/\(checkpoint)")
    let parts = ["run/checkpoints", options.joined(separator: " "), "config.yaml says", "put back"]
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("run"), "--steps", "2"], 78, naming: parts)
    let linear = try workshop.run(["linear", "--run", workshop.path("run"), "--batch-size", "32"])
    expectRefusal(linear, 78, naming: parts)
  }
}
