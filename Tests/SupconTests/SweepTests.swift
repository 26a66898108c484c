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

  @Test func `a metric that no command stores is refused before the first run`() throws {
    let workshop = try Workshop()
    let text = "metric: nope\noptions: {epochs: 1}\ngrid: {temperature: [0.1, 0.5]}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")], 78,
      naming: ["sweep.yaml:1", "metric: nope", "linear_top1", "final_loss"])
  }
}
