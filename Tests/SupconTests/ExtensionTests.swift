import Foundation
import Testing

/// Runs that are trained on, and runs that are used where they were not started.
struct ExtensionTests {
  @Test func `a constant schedule goes on as if the run had been longer`() throws {
    let workshop = try Workshop()
    let options = ["--batch-size", "32", "--shard-size", "4", "--schedule", "constant"]
    let whole = try workshop.weights("whole", configuration: options + ["--epochs", "2"], [])
    let short = try workshop.weights("run", configuration: options + ["--epochs", "1"], [])
    #expect(short != whole)
    #expect(try succeeding(workshop.resume("run", [])).standardOutput.contains("--extend-epochs"))
    expectRefusal(
      try workshop.resume("run", ["--epochs", "2"]), 78, naming: ["--epochs 2", "give --extend-epochs 2 instead"])
    #expect(try workshop.resumedWeights("run", ["--epochs", "1", "--extend-epochs", "2"]) == whole)
    // The same command again, also with the epochs that it has now: nothing is left to do.
    try succeeding(workshop.resume("run", ["--epochs", "1", "--extend-epochs", "2"]))
    try succeeding(workshop.resume("run", ["--extend-epochs", "2", "--epochs", "2"]))
    try succeeding(workshop.resume("run", ["--extend-epochs", "2"]))
    expectRefusal(try workshop.resume("run", ["--extend-epochs", "1"]), 78, naming: ["has 2 epochs already"])
  }

  @Test func `a job that extends a run starts again with the same command`() throws {
    let workshop = try Workshop()
    let options = ["--batch-size", "32", "--shard-size", "4", "--evaluate-epochs", "0"]
    try succeeding(workshop.pretrain("run", configuration: options, ["--epochs", "1"]))
    let command = ["--epochs", "1", "--extend-epochs", "3"]
    let stopped = try workshop.resume("run", command + ["--max-time", "0.000001"])
    #expect(stopped.exitCode == 75, "\(stopped.standardError)")
    try succeeding(workshop.resume("run", command))
    #expect(try workshop.summary("run").text("status") == "finished")
    // Extended once more: the run has had either number.
    try succeeding(workshop.resume("run", ["--epochs", "1", "--extend-epochs", "4"]))
    try succeeding(workshop.resume("run", ["--epochs", "3", "--extend-epochs", "4"]))
    expectRefusal(
      try workshop.resume("run", ["--epochs", "2", "--extend-epochs", "4"]), 78,
      naming: ["--epochs 2", "leave the option out"])
  }

  @Test(arguments: ["constant", "step", "exponential"])
  func `an extended run is one of the length and warm-up that it names`(schedule: String) throws {
    let workshop = try Workshop()
    var options = ["--batch-size", "32", "--shard-size", "4", "--schedule", schedule]
    if schedule == "step" { options += ["--decay-epochs", "2"] }
    try succeeding(workshop.pretrain("run", configuration: options, ["--epochs", "3"]))
    let output = try succeeding(workshop.resume("run", ["--extend-epochs", "5"])).standardOutput
    let named = try #require(output.firstMatch(of: /run started with (--epochs 5 --warmup-epochs [0-9.]+)/))
    let whole = try workshop.weights("whole", configuration: options, named.1.split(separator: " ").map(String.init))
    #expect(try workshop.weights(of: "run") == whole)
  }

  @Test func `a recipe on resume is told as such`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    expectRefusal(
      try workshop.resume("run", ["--recipe", "cifar10-resnet20-supcon"]), 78,
      naming: ["--recipe cifar10-resnet20-supcon: gives ", "leave out --recipe"])
  }

  @Test func `a run started with a relative path is used from elsewhere, and moved data ask for --data`() throws {
    let workshop = try Workshop()
    let options = ["--steps", "0", "--epochs", "1", "--batch-size", "32", "--shard-size", "4"]
    try succeeding(
      workshop.runInside(["pretrain", "--dataset", "cifar10", "--data", "data", "--output", "run"] + options))
    try succeeding(workshop.run(["evaluate", "--run", workshop.path("run"), "--features", "pixels"]))
    try FileManager.default.moveItem(atPath: workshop.data, toPath: workshop.path("moved"))
    let parts = ["/data: there is no such file or folder", "give --data"]
    expectRefusal(try workshop.run(["linear", "--run", workshop.path("run")]), 66, naming: parts)
    expectRefusal(try workshop.resume("run", ["--steps", "1"]), 66, naming: parts)
    expectRefusal(
      try workshop.run(["pretrain", "--config", workshop.path("run/config.yaml"), "--output", workshop.path("again")]),
      66, naming: parts + ["--config"])
    try succeeding(workshop.resume("run", ["--steps", "1", "--data", workshop.path("moved")]))
  }

  @Test func `a result that cannot be stored is told before the work`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    let run = workshop.path("run")
    for (command, option) in [("embed", "--output"), ("export", "--output")] {
      expectRefusal(
        try workshop.run([command, "--run", run, option, workshop.path("no/file")]), 73,
        naming: ["no/file: cannot create it", "there is no folder \(workshop.path("no"))"])
    }
    // A file where the folder of the result belongs.
    try Data().write(to: URL(fileURLWithPath: "\(run)/linear"))
    expectRefusal(try workshop.run(["linear", "--run", run]), 73, naming: ["run/linear", "move away what is there"])
  }
}
