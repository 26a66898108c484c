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

  @Test func `a metric that no command stores is refused before the first run`() throws {
    let workshop = try Workshop()
    let text = "metric: nope\noptions: {epochs: 1}\ngrid: {temperature: [0.1, 0.5]}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")], 78,
      naming: ["sweep.yaml:1", "metric: nope", "linear_top1", "final_loss"])
  }
}
