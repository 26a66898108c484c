import Configuration
import Foundation
import Runs
import TestSupport
import Testing

/// The checkpoint of `--keep-best`.
struct BestCheckpointTests: ~Copyable {
  private let directory: TemporaryDirectory
  private let run: RunDirectory
  private let configuration = Configuration()

  init() throws {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: directory.file("run"))
    try run.create()
    self.directory = directory
    self.run = run
  }

  private func checkpoint(step: Int) throws -> Checkpoint {
    var state = TrainingState(configuration, try configuration.modelLayout)
    state.step = step
    return Checkpoint(configuration: configuration, state: state)
  }

  private func read() throws -> Checkpoint? {
    try run.checkpoints.read(.best, of: configuration) { warning in Issue.record("\(warning)") }
  }

  @Test func `it is read as best, with its measure, beside those of steps`() throws {
    #expect(run.checkpoints.best() == nil)
    #expect(throws: RunError.self) { try read() }
    let best = BestCheckpoint(measure: "knn", value: 0.8125, step: 20)
    try run.checkpoints.save(try checkpoint(step: 20), as: best)
    for step in [10, 20, 30, 40, 50] {
      try run.checkpoints.save(try checkpoint(step: step), keep: 2)
    }
    #expect(run.checkpoints.best() == best)
    #expect(try read()?.state.step == 20)
    #expect(try run.checkpoints.newest(of: configuration) { _ in }?.state.step == 50)
  }

  @Test func `a kill during its replacement leaves the one before`() throws {
    let first = BestCheckpoint(measure: "knn", value: 0.5, step: 20)
    try run.checkpoints.save(try checkpoint(step: 20), as: first)
    // What a killed save leaves: half a file under another name.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.file("run/checkpoints/best")))
    try bytes.prefix(bytes.count / 2).write(
      to: URL(fileURLWithPath: directory.file("run/checkpoints/best.temporary")))
    run.checkpoints.removeLeftovers()
    #expect(run.checkpoints.best() == first)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("run/checkpoints"))
    #expect(names == ["best"])
    let second = BestCheckpoint(measure: "knn", value: 0.75, step: 30)
    try run.checkpoints.save(try checkpoint(step: 30), as: second)
    #expect(run.checkpoints.best() == second)
    #expect(try read()?.state.step == 30)
  }

  @Test func `a damaged one has no measure`() throws {
    try run.checkpoints.save(
      try checkpoint(step: 20), as: BestCheckpoint(measure: "knn", value: 0.5, step: 20))
    let url = URL(fileURLWithPath: directory.file("run/checkpoints/best"))
    var bytes = try Data(contentsOf: url)
    bytes[3] ^= 0x40
    try bytes.write(to: url)
    #expect(run.checkpoints.best() == nil)
  }
}
