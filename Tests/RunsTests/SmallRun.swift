import Configuration
import Foundation
import Runs
import TestSupport

/// A run directory with checkpoints of an untrained ResNet-20, made without any process.
struct SmallRun: ~Copyable {
  private let parent: TemporaryDirectory
  let directory: RunDirectory
  let configuration: Configuration

  /// Makes the directory with one checkpoint after each of some numbers of steps, in that order.
  init(steps: [Int]) throws {
    let parent = try TemporaryDirectory()
    let directory = RunDirectory(path: parent.file("run"))
    let configuration = TrainingCommand.pretrain.defaults
    try directory.create()
    for step in steps {
      try directory.checkpoints.save(Self.checkpoint(configuration, step: step), keep: steps.count)
    }
    self.parent = parent
    self.directory = directory
    self.configuration = configuration
  }

  /// The initial state of a configuration as that after some steps; the first parameter tells which.
  static func checkpoint(_ configuration: Configuration, step: Int) throws -> Checkpoint {
    var state = TrainingState(configuration, try configuration.modelLayout)
    state.step = step
    state.parameters.replace(0..<1, with: [Float(step)])
    return Checkpoint(configuration: configuration, state: state)
  }

  /// The path of the checkpoint after some steps.
  func path(step: Int) -> String {
    let digits = String(step)
    return "\(directory.path)/checkpoints/step-" + String(repeating: "0", count: 8 - digits.count) + digits
      + ".safetensors"
  }

  /// The names in the folder of checkpoints.
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/checkpoints").sorted()
  }
}
