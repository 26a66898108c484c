import Configuration
import Formats
import FoundationEssentials
import Job
import Runs

/// The facts that a stage stores beside its measures: program, command line, host, times, data and weights.
struct ResultOrigin {
  /// The options that name the dataset on which the stage measured.
  let samples: Configuration
  /// The fields that identify the dataset (``ResultPlace``).
  let identity: [String: JSONValue]
  private let started = Date.now

  /// Starts the clock of the stage.
  init(of samples: Configuration, identity: [String: JSONValue]) {
    self.samples = samples
    self.identity = identity
  }

  /// Returns the fields for the stage's `summary.json`, named as those that training writes.
  func fields(_ encoder: FrozenEncoder) -> [String: JSONValue] {
    let fields: [String: JSONValue] = [
      "version": .text(supconVersion), "command_line": .list(CommandLine.arguments.map(JSONValue.text)),
      "host": .text(hostName()), "isa": .text(InstructionSetAgreement.agreed.rawValue),
      "started": .text(started.formatted(.iso8601)),
      "ended": .text(Date.now.formatted(.iso8601)),
      // Absolute, as in `config.yaml`: a classifier of the run's own images is found by it.
      "data": samples.data.path.map { path in JSONValue.text(path.absolutePath) } ?? .null,
      "pretraining_steps": .integer(encoder.state.step), "weights": .text(encoder.weights.rawValue),
      "weights_sha256": .text(encoder.state.weightsSHA256()),
    ]
    return fields.merging(identity) { _, own in own }
  }
}
