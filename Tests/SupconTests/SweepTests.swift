import Foundation
import Testing

/// `supcon sweep` as a user runs it.
struct SweepTests {
  @Test func `a sweep without a dataset is one of the built-in images`() throws {
    let workshop = try Workshop()
    let text = """
      options: {epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8}
      grid: {temperature: [0.1, 0.5]}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try succeeding(workshop.run(["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]))
    let table = try workshop.text("sweep/sweep.csv").split(separator: "\n")
    #expect(table.count == 3 && table.dropFirst().allSatisfy { row in row.contains("finished") }, "\(table)")
  }

  @Test func `runs that hold images out are compared by them, within one time limit`() throws {
    let workshop = try Workshop()
    let text = """
      options: {epochs: 1, shapes-train: 128, shapes-test: 32, batch-size: 32, shard-size: 8, validation-fraction: 0.25}
      grid: {temperature: [0.1, 0.5]}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    // The limit of the whole sweep is over before its first run.
    let stopped = try workshop.run(ranks: 2, sweep + ["--max-time", "0.000001"])
    #expect(stopped.exitCode == 75 && stopped.standardOutput.contains("start the sweep again"), "\(stopped)")
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/temperature-0.1")))
    try succeeding(workshop.run(sweep))
    let table = try workshop.text("sweep/sweep.csv").split(separator: "\n")
    #expect(table.first?.hasSuffix("linear_top1") == true && table.count == 3, "\(table)")
    for run in ["temperature-0.1", "temperature-0.5"] {
      let result = try workshop.summary("sweep/\(run)", stage: "linear-validation")
      #expect(try result.text("split") == "validation" && table.contains { row in row.hasPrefix(run) })
      #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/\(run)/linear")))
    }
  }

  @Test(arguments: [
    ("grid: {loss: [supcon, sincere], denominator: [all, one-positive]}", "loss-sincere-denominator-one_positive"),
    ("grid: {progressive-size: [8, 12], progressive-epochs: [1]}", "progressive-size-8-progressive-epochs-1"),
    ("runs: [{temperature: 0.2}, {batch-size: 30}]", "batch-size-30"),
  ])
  func `options that exclude each other are refused before the first run`(runs: String, name: String) throws {
    let workshop = try Workshop()
    let text = "options: {epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8}\n\(runs)\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    for option in [[], ["--list"]] {
      try workshop.expectRefusal(
        ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")] + option, 64,
        naming: ["sweep/\(name): --"])
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--summarize", "--index", "0"], 64, naming: ["--summarize", "--index"])
  }

  @Test func `values whose file names are the same are runs of their own, trained on from older weights too`() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("a"), withIntermediateDirectories: false)
    for copy in ["a/b", "a_b"] { try workshop.copy("data", to: copy) }
    func write(steps: Int) throws {
      let text = """
        options: {dataset: cifar10, epochs: 1, steps: \(steps), batch-size: 32, shard-size: 8, model: resnet8}
        runs: [{data: \(workshop.path("a/b"))}, {data: \(workshop.path("a_b"))}]
        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    }
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    for steps in [2, 4] {
      try write(steps: steps)
      try succeeding(workshop.run(sweep))
      let runs = try FileManager.default.contentsOfDirectory(atPath: workshop.path("sweep")).filter { name in
        name.hasPrefix("data-")
      }
      #expect(runs.count == 2)
      for run in runs {
        #expect(try workshop.summary("sweep/\(run)", stage: "linear").number("pretraining_steps") == Double(steps))
      }
    }
  }

  @Test func `a metric that no command stores is refused before the first run`() throws {
    let workshop = try Workshop()
    let text = "metric: nope\noptions: {epochs: 1}\ngrid: {temperature: [0.1, 0.5]}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")], 78,
      naming: ["sweep.yaml:1", "metric: nope", "linear_top1", "final_loss"])
  }
}
