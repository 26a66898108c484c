import Configuration
import DistributedStep

/// The training step for the current size of views, which progressive resizing changes during a run, and for the shards
/// of each rank.
///
/// Weights and optimizer state do not depend on either, so each step continues with those of the previous one.
struct SizedSteps {
  private var configuration: Configuration
  private let stepsPerEpoch: Int
  private var prepared: (size: Int?, step: TrainingStep)?

  /// Creates the value; no training step is compiled yet.
  init(_ configuration: Configuration, stepsPerEpoch: Int) {
    self.configuration = configuration
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// Returns the training step to use after a number of steps of the run.
  ///
  /// - Parameters:
  ///   - count: The number of steps taken.
  ///   - prepare: Compiles the training step of a configuration.
  /// - Returns: The current training step, or a new one at the beginning of a stage.
  mutating func step(
    after count: Int, prepare: (Configuration) throws -> TrainingStep
  ) rethrows -> TrainingStep {
    let size = size(after: count)
    if let prepared, prepared.size == size {
      return prepared.step
    }
    // The memory of the previous stage is released before new memory is allocated.
    prepared = nil
    var stage = configuration
    stage.views.stageSize = size
    let step = try prepare(stage)
    prepared = (size, step)
    return step
  }

  /// Gives each rank a number of shards, from the next step on.
  mutating func divide(_ shards: [Int]) {
    configuration.compute.balance = .weights(shards)
    prepared = nil
  }

  /// Returns true if the step after the next one has views of the same size, so that its views can be made in advance.
  func keepsSize(after count: Int) -> Bool { size(after: count) == size(after: count + 1) }

  private func size(after count: Int) -> Int? { configuration.views.progressiveSize(ofEpoch: count / stepsPerEpoch) }
}
