import Configuration

/// The numbers of the steps after which a run ends, is tested and is saved.
struct StepPlan {
  /// The number of steps of the whole learning rate schedule.
  let allSteps: Int
  /// The last step of the run.
  let lastStep: Int

  private let checkpointSteps: Int
  private let testSteps: Int

  /// Creates the plan of a run with some number of steps in an epoch.
  init(_ configuration: Configuration, stepsPerEpoch: Int) {
    allSteps = configuration.schedule.epochs * stepsPerEpoch
    lastStep = configuration.schedule.lastStep(stepsPerEpoch: stepsPerEpoch)
    checkpointSteps = configuration.checkpoints.steps ?? stepsPerEpoch
    testSteps = (configuration.checkpoints.evaluateEpochs ?? 0) * stepsPerEpoch
  }

  /// Returns true if the classifier is tested after a step.
  func isTestDue(after step: Int) -> Bool {
    step == lastStep || (testSteps > 0 && step.isMultiple(of: testSteps))
  }

  /// Returns true if a checkpoint is begun after a step; the last one is written at the end of the run.
  func isCheckpointDue(after step: Int) -> Bool { step.isMultiple(of: checkpointSteps) && step < lastStep }
}
