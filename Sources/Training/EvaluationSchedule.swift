import Configuration
import Datasets
import Evaluation
import Job
import MPI

/// The steps of a run after which its encoder is evaluated (`--evaluate-epochs`): every few epochs, and at the end of
/// the learning rate schedule.
struct EvaluationSchedule {
  /// The number of evaluations of a run if `--evaluate-epochs` is not given.
  private static let usualCount = 10

  /// The number of steps between evaluations; 0 for no evaluations.
  private let steps: Int
  /// The number of steps of the whole learning rate schedule.
  private let allSteps: Int

  /// Creates the schedule of a run with some number of steps in an epoch.
  init(_ configuration: Configuration, stepsPerEpoch: Int) {
    let epochs = configuration.schedule.epochs
    let usualEpochs = (epochs + Self.usualCount - 1) / Self.usualCount
    steps = (configuration.checkpoints.evaluateEpochs ?? usualEpochs) * stepsPerEpoch
    allSteps = epochs * stepsPerEpoch
  }

  /// Returns true if the encoder is evaluated after a step.
  func isDue(after step: Int) -> Bool {
    steps > 0 && (step.isMultiple(of: steps) || step == allSteps)
  }

  /// Returns true if an evaluation is due after any of the steps from `step` (not included) through `lastStep`.
  func isDue(after step: Int, through lastStep: Int) -> Bool {
    guard steps > 0, step < lastStep else { return false }
    let isEndDue = step < allSteps && allSteps <= lastStep
    return isEndDue || lastStep / steps > step / steps
  }
}

extension Configuration {
  /// Returns the largest number of samples whose representations a run computes at a time, for an evaluation of the
  /// encoder or a test of the classifier; `nil` if it has neither.
  ///
  /// - Parameters:
  ///   - training: The number of training samples.
  ///   - test: The number of samples on which the classifier is tested; `nil` without a classifier.
  ///   - stepsPerEpoch: The number of steps of an epoch.
  /// - Returns: The number of samples, for the estimate of the run's memory.
  func evaluatedSamples(training: Int, test: Int?, stepsPerEpoch: Int) -> Int? {
    let lastStep = schedule.lastStep(stepsPerEpoch: stepsPerEpoch)
    let isEvaluated = EvaluationSchedule(self, stepsPerEpoch: stepsPerEpoch).isDue(after: 0, through: lastStep)
    let evaluated = isEvaluated ? HeldOutSamples.largestReferenceCount(ofTraining: training) : nil
    // The classifier is tested after the last step.
    let tested = lastStep > 0 ? test : nil
    return [evaluated, tested].compactMap(\.self).max()
  }
}

extension OpenedConfiguration {
  /// Returns the largest number of samples whose representations a run of this configuration computes at a time, for an
  /// evaluation of the encoder or a test of the classifier; `nil` if it has neither.
  ///
  /// Collective; opens the test set of a run with a classifier, as the run would.
  ///
  /// - Parameters:
  ///   - stepsPerEpoch: The number of steps of an epoch.
  ///   - world: The ranks.
  /// - Returns: The number of samples, for the estimate of the run's memory.
  /// - Throws: ``CollectiveError`` naming a faulty file, or a test set that is missing.
  package func evaluatedSamples(stepsPerEpoch: Int, over world: borrowing Communicator) throws -> Int? {
    // Notes about the files are those of the training set, which were reported when it was opened.
    let test: (any ImageDataset)? =
      try configuration.isClassifying ? DatasetChoice.open(configuration, .test, over: world, report: .silent) : nil
    return configuration.evaluatedSamples(training: dataset.count, test: test?.count, stepsPerEpoch: stepsPerEpoch)
  }
}
