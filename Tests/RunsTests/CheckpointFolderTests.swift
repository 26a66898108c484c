import Configuration
import Foundation
import Runs
import TestSupport
import Testing

/// The checkpoints of a run: damaged, superfluous, another run's, and what a killed save leaves.
struct CheckpointFolderTests {
  /// Ways to damage a file.
  enum Damage: CaseIterable {
    case cutOff
    case empty
    case headerLength
    case header
    case weight
    case checksum

    func apply(to path: String) throws {
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      switch self {
      case .cutOff: bytes.removeLast()
      case .empty: bytes.removeAll()
      case .headerLength: bytes[1] ^= 1
      case .header: bytes[100] ^= 4
      case .weight: bytes[bytes.count / 3] ^= 16
      case .checksum: bytes[bytes.count - 1] ^= 128
      }
      try bytes.write(to: URL(fileURLWithPath: path))
    }
  }

  @Test(arguments: Damage.allCases)
  func `the checkpoint before a damaged one is read, with one warning`(damage: Damage) throws {
    let run = try SmallRun(steps: [2, 4])
    try damage.apply(to: run.path(step: 4))
    var warnings: [String] = []
    let checkpoint = try run.directory.checkpoints.newest(of: run.configuration) { warning in warnings.append(warning) }
    #expect(checkpoint?.state.step == 2)
    #expect(checkpoint?.state.parameters[0] == 2)
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains(run.path(step: 4)) == true)
  }

  @Test func `where all are damaged, none is read`() throws {
    let run = try SmallRun(steps: [2, 4])
    for step in [2, 4] {
      try Damage.weight.apply(to: run.path(step: step))
    }
    let error = #expect(throws: RunError.self) {
      _ = try run.directory.checkpoints.newest(of: run.configuration) { _ in }
    }
    #expect(error?.exitCode == .data)
    for part in ["\(run.directory.path)/checkpoints", "all 2 checkpoints are damaged", "checksum", "backup"] {
      #expect(error?.description.contains(part) == true, "\(part)")
    }
  }

  @Test func `a folder without checkpoints gives none`() throws {
    let run = try SmallRun(steps: [])
    let checkpoint = try run.directory.checkpoints.newest(of: run.configuration) { _ in }
    #expect(checkpoint?.state.step == nil)
  }

  /// A run that skipped a damaged checkpoint comes to its step again.
  @Test func `a later, damaged checkpoint does not crowd out good ones`() throws {
    let run = try SmallRun(steps: [2, 4])
    try Damage.weight.apply(to: run.path(step: 4))
    try run.directory.checkpoints.save(SmallRun.checkpoint(run.configuration, step: 3), keep: 1)
    #expect(try run.names() == ["latest", "step-00000003.safetensors"])
  }

  @Test func `the newest are kept, and the link leads to the last`() throws {
    let run = try SmallRun(steps: [])
    for step in 1...4 {
      try run.directory.checkpoints.save(SmallRun.checkpoint(run.configuration, step: step), keep: 2)
    }
    #expect(try run.names() == ["latest", "step-00000003.safetensors", "step-00000004.safetensors"])
    let link = "\(run.directory.path)/checkpoints/latest"
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "step-00000004.safetensors")
  }

  @Test(arguments: ["step-00000002-good.safetensors", "step-best.safetensors", "step-3 copy.safetensors"])
  func `a copy under a name of the user's is neither read nor removed`(name: String) throws {
    let run = try SmallRun(steps: [2, 4])
    try FileManager.default.copyItem(
      atPath: run.path(step: 2), toPath: "\(run.directory.path)/checkpoints/\(name)")
    let checkpoints = run.directory.checkpoints
    let newest = try checkpoints.newest(of: run.configuration) { warning in Issue.record("\(warning)") }
    #expect(newest?.state.step == 4)
    #expect(checkpoints.steps == [2, 4])
    try checkpoints.save(SmallRun.checkpoint(run.configuration, step: 6), keep: 1)
    #expect(try run.names() == ["latest", "step-00000006.safetensors", name].sorted())
  }

  @Test func `what a killed save left is removed, and nothing else`() throws {
    let run = try SmallRun(steps: [5])
    let names = try run.names()
    try writeBytes([1, 2, 3], to: run.path(step: 6) + ".temporary")
    run.directory.checkpoints.removeLeftovers()
    #expect(try run.names() == names)
  }

  /// Versions up to 0.1 stored the path of `--init` as it was given; config.yaml has the absolute one since.
  @Test func `a checkpoint with the relative path of its initial encoder is of its run, whichever is chosen`() throws {
    let run = try SmallRun(steps: [])
    var (stored, own) = (run.configuration, run.configuration)
    stored.model.initialPath = "runs/first"
    own.model.initialPath = "/home/somebody/runs/first"
    try run.directory.checkpoints.save(SmallRun.checkpoint(stored, step: 7), keep: 1)
    for choice in [CheckpointChoice.latest, .step(7)] {
      let checkpoint = try run.directory.checkpoints.read(choice, of: own) { warning in Issue.record("\(warning)") }
      #expect(checkpoint?.state.step == 7)
    }
    own.model.initialPath = "/home/somebody/runs/second"
    for choice in [CheckpointChoice.latest, .step(7)] {
      #expect(throws: RunError.self) { _ = try run.directory.checkpoints.read(choice, of: own) { _ in } }
    }
  }

  @Test(arguments: [("model", "resnet32"), ("temperature", "0.2"), ("head", "linear")])
  func `a checkpoint of another run is refused`(option: String, value: String) throws {
    let run = try SmallRun(steps: [])
    var overrides = ConfigurationOverrides()
    overrides.give(value, for: option)
    let other = overrides.applied(to: run.configuration)
    try run.directory.checkpoints.save(SmallRun.checkpoint(other, step: 0), keep: 1)
    for choice in [CheckpointChoice.latest, .step(0)] {
      let error = #expect(throws: RunError.self) {
        _ = try run.directory.checkpoints.read(choice, of: run.configuration) { _ in }
      }
      #expect(error?.exitCode == .configuration)
      for part in ["run/checkpoints", "--\(option) \(value)", "config.yaml says", "put back"] {
        #expect(error?.description.contains(part) == true, "\(part)")
      }
    }
  }
}
