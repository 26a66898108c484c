import Configuration
import DistributedStep
import MPI

/// The training step for the current size of views, which progressive resizing changes during a run, and for the shards
/// of each rank.
///
/// Weights and optimizer state do not depend on either, so each step continues with those of the previous one.
struct SizedSteps {
  private let opened: OpenedRun
  /// The memory of this process before the run took any, which the estimate adds.
  private let base: Int
  private let report: Reporter
  private var configuration: Configuration
  private var prepared: (size: Int?, step: TrainingStep)?
  /// The line about views that was reported last, which a new division of the shards does not change.
  private var reportedViews: String?

  /// Creates the value; no training step is compiled yet.
  ///
  /// - Parameters:
  ///   - opened: The run.
  ///   - base: The memory of this process before the run took any, in bytes.
  ///   - report: Receives log lines, on rank 0.
  init(_ opened: OpenedRun, base: Int, report: Reporter) {
    (self.opened, self.base, self.report) = (opened, base, report)
    configuration = opened.configuration
  }

  /// Returns the training step to use after a number of steps of the run; prepares a new one at the beginning of a
  /// stage, and reports hosts whose memory is too small for it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - count: The number of steps taken.
  ///   - world: The ranks.
  /// - Returns: The training step.
  /// - Throws: ``CollectiveError`` if the network cannot be compiled on a rank.
  mutating func step(after count: Int, over world: borrowing Communicator) throws -> TrainingStep {
    let size = size(after: count)
    if let prepared, prepared.size == size {
      return prepared.step
    }
    // The memory of the previous stage is released before new memory is allocated.
    prepared = nil
    var stage = configuration
    stage.views.stageSize = size
    let views = "views of \(stage.trainingViewSize(of: opened.dataset)) pixels"
    if !(configuration.views.progressiveSizes ?? []).isEmpty, views != reportedViews {
      report(views)
      reportedViews = views
    }
    let step = try TrainingStep.prepared(
      stage, opened.dataset, opened.sampler, teacher: opened.teacher, over: world)
    let evaluatedSamples = configuration.evaluatedSamples(
      training: opened.dataset.count, test: opened.test?.dataset.count, stepsPerEpoch: opened.sampler.stepsPerEpoch)
    try MemoryEstimate.check(step, base: base, evaluatedSamples: evaluatedSamples, over: world, report: report)
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

  private func size(after count: Int) -> Int? {
    configuration.views.progressiveSize(ofEpoch: count / opened.sampler.stepsPerEpoch)
  }
}
