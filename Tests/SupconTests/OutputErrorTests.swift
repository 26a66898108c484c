import Foundation
import Testing

/// Run directories that cannot be used.
struct OutputErrorTests {
  @Test func aRunIsNeverOverwritten() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    let again = ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
    let parts = [workshop.path("run"), "holds a run", "--resume", "choose another --output"]
    try workshop.expectRefusal(again + Workshop.configuration, 73, naming: parts)
    // Nor where only its checkpoints are left.
    try FileManager.default.removeItem(atPath: workshop.path("run/config.yaml"))
    try workshop.expectRefusal(again + Workshop.configuration, 73, naming: parts)
    try workshop.expectRefusal(again + ["--resume"], 66, naming: ["run/config.yaml"])
  }

  @Test func aFolderThatCannotBeCreated() throws {
    let workshop = try Workshop()
    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    let below = workshop.path("file/run")
    try workshop.expectRefusal(
      ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output", below] + Workshop.configuration, 73,
      naming: [below, "cannot be created", "Not a directory", "choose another --output"])
  }

  @Test func laterStagesSayBeforehandThatTheyCannotWrite() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0"]))
    for (command, folder) in [(["linear", "--batch-size", "32"], "linear"), (["evaluate"], "evaluation")] {
      try Data().write(to: URL(fileURLWithPath: workshop.path("run/\(folder)")))
      try workshop.expectRefusal(
        command + ["--run", workshop.path("run")], 73,
        naming: [workshop.path("run/\(folder)"), "cannot be created", "move away what stands there"])
    }
  }

  @Test(arguments: ["linear", "evaluate"])
  func laterStagesNeedARun(_ command: String) throws {
    let workshop = try Workshop()
    for folder in ["data", "nowhere"] {
      try workshop.expectRefusal(
        [command, "--run", workshop.path(folder)], 66,
        naming: [workshop.path(folder), "holds no run", "give the --output of supcon pretrain"])
    }
  }
}
