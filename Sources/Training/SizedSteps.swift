import Configuration
import DistributedStep

/// The prepared step of the present stage of progressive resizing, compiled for its size of views.
///
/// Weights and optimizer state do not depend on the size, so a stage begins with what the stage before it left.
struct SizedSteps {
  private let configuration: Configuration
  private let stepsPerEpoch: Int
  private var prepared: (size: Int?, step: TrainingStep)?

  /// Creates the stages of a configuration; none is prepared yet.
  init(_ configuration: Configuration, stepsPerEpoch: Int) {
    self.configuration = configuration
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// The step that follows a number of steps of the run.
  ///
  /// - Parameters:
  ///   - count: The number of steps taken.
  ///   - prepare: Compiles a step of a configuration.
  /// - Returns: The prepared step, or a new one at the beginning of a stage.
  mutating func step(
    after count: Int, prepare: (Configuration) throws -> TrainingStep
  ) rethrows -> TrainingStep {
    let size = size(after: count)
    if let prepared, prepared.size == size {
      return prepared.step
    }
    // The memory of the stage before is released first.
    prepared = nil
    var stage = configuration
    stage.views.stageSize = size
    let step = try prepare(stage)
    prepared = (size, step)
    return step
  }

  /// True if the step after the next one has views of the same size, so that they can be made ahead.
  func keepsSize(after count: Int) -> Bool { size(after: count) == size(after: count + 1) }

  private func size(after count: Int) -> Int? { configuration.views.progressiveSize(ofEpoch: count / stepsPerEpoch) }
}
