import Configuration
import Foundation
import Runs
import Testing

/// The checkpoint of `--keep-best`.
struct BestCheckpointTests {
  private func best(_ value: Double, step: Int) -> BestCheckpoint {
    BestCheckpoint(measure: "knn", value: value, step: step)
  }

  private func step(of run: borrowing SmallRun) throws -> Int? {
    try run.directory.checkpoints.read(.best, of: run.configuration) { warning in Issue.record("\(warning)") }?.state
      .step
  }

  @Test func `it is read as best, with its measure, beside those of steps`() throws {
    let run = try SmallRun(steps: [])
    let checkpoints = run.directory.checkpoints
    #expect(checkpoints.best() == nil)
    #expect(throws: RunError.self) { try checkpoints.read(.best, of: Configuration()) { _ in } }
    try checkpoints.save(try SmallRun.checkpoint(run.configuration, step: 20), as: best(0.8125, step: 20))
    for step in [10, 20, 30, 40, 50] {
      try checkpoints.save(try SmallRun.checkpoint(run.configuration, step: step), keep: 2)
    }
    #expect(checkpoints.best() == best(0.8125, step: 20))
    let kept = try step(of: run)
    #expect(kept == 20)
    #expect(try checkpoints.newest(of: run.configuration) { _ in }?.state.step == 50)
  }

  @Test func `a kill during its replacement leaves the one before`() throws {
    let run = try SmallRun(steps: [])
    let (checkpoints, path) = (run.directory.checkpoints, "\(run.directory.path)/checkpoints/best")
    try checkpoints.save(try SmallRun.checkpoint(run.configuration, step: 20), as: best(0.5, step: 20))
    // What a killed save leaves: half a file under another name.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path + ".temporary"))
    checkpoints.removeLeftovers()
    #expect(checkpoints.best() == best(0.5, step: 20))
    let names = try run.names()
    #expect(names == ["best"])
    try checkpoints.save(try SmallRun.checkpoint(run.configuration, step: 30), as: best(0.75, step: 30))
    #expect(checkpoints.best() == best(0.75, step: 30))
    let kept = try step(of: run)
    #expect(kept == 30)
  }

  @Test func `a damaged one has no measure`() throws {
    let run = try SmallRun(steps: [])
    try run.directory.checkpoints.save(
      try SmallRun.checkpoint(run.configuration, step: 20), as: best(0.5, step: 20))
    let url = URL(fileURLWithPath: "\(run.directory.path)/checkpoints/best")
    var bytes = try Data(contentsOf: url)
    bytes[3] ^= 0x40
    try bytes.write(to: url)
    #expect(run.directory.checkpoints.best() == nil)
  }
}
