import Testing

/// Options and checkpoints that contradict the run that is being continued: 78, by name.
struct ResumeConflictTests {
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
