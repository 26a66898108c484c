import Configuration
import Datasets
import DistributedStep
import Evaluation
import FoundationEssentials
import Job
import MPI
import Measures
import RunLogging
import Runs

/// The log of a run: writes records to its files, shows progress to the user, and collects the fields of
/// `summary.json`.
final class RunLog {
  private let configuration: Configuration
  private let dataset: any ImageDataset
  private let ranks: Int
  private let lastStep: Int
  private let stepsPerEpoch: Int
  /// The log files on rank 0; `nil` on other ranks.
  private let files: RunFiles?
  /// The progress output on rank 0; `nil` on other ranks.
  private let progress: RunProgress?
  private let start = ProcessMeasurements.now()
  private let startTime = Date.now

  private var collapseWatch: CollapseWatch
  private var pace = RankPace()
  private var durations = StepDurations()
  private var lastResult: StepResult?
  private var lastGradientNorm: Double?
  private var epoch = EpochSums()
  /// The mean training accuracy of the last epoch that ended; `nil` before, and without a classifier.
  private var lastEpochTop1: Double?
  private var lastTest: (step: Int, split: Split, accuracy: TestAccuracy, averaged: TestAccuracy?)?
  private var lastEvaluation: EvaluationRecord?
  /// The names of the training set's classes, in the order of the labels.
  var classNames: [String] { dataset.classNames }
  /// The best checkpoint so far, on rank 0; `nil` if there is none.
  var best: BestCheckpoint?
  /// True if ranks have shards by their speed: a rank is then slow if it computes for longer than the others.
  var isBalanced = false

  /// The sums over the steps of the current epoch since the program started.
  private struct EpochSums {
    var start = ProcessMeasurements.now()
    var loss = 0.0
    var lowerBound = 0.0
    var top1 = 0.0
    var steps = 0

    /// The mean of a sum over the steps.
    func mean(_ sum: Double) -> Double { sum / Double(max(steps, 1)) }
  }

  /// Creates a log; `directory` is the run directory on rank 0 and `nil` on other ranks.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - dataset: The training set.
  ///   - directory: The run directory.
  ///   - ranks: The number of ranks.
  ///   - firstStep: The number of steps taken before.
  ///   - lastStep: The last step of the run.
  ///   - stepsPerEpoch: The number of steps of an epoch.
  ///   - console: The console output of rank 0.
  /// - Throws: `FileError` if an existing log file cannot be read.
  init(
    _ configuration: Configuration, _ dataset: any ImageDataset, directory: RunDirectory?, ranks: Int,
    from firstStep: Int, to lastStep: Int, stepsPerEpoch: Int, console: RunConsole
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.ranks = ranks
    self.lastStep = lastStep
    self.stepsPerEpoch = stepsPerEpoch
    if case .weights = configuration.compute.balance {
      isBalanced = true
    }
    files = try directory.map { directory in try RunFiles(directory, from: firstStep, report: console.report) }
    progress = directory.map { _ in RunProgress(console, epochs: configuration.schedule.epochs) }
    if firstStep == 0 {
      files?.addViews(of: configuration, dataset)
    }
    collapseWatch = CollapseWatch(warmupSteps: configuration.schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch))
  }

  private var viewsPerStep: Double { Double(configuration.batches.size * configuration.views.count) }

  /// The views per second over all ranks, from the median duration of this process's steps without the first three.
  private var viewsPerSecond: Double {
    durations.typical.map { seconds in viewsPerStep / seconds } ?? 0
  }

  /// True if this process has taken a step; else its speed and duration are none of the training.
  var hasSteps: Bool { lastResult != nil }

  /// The seconds to reserve for one more step (twice those of the last step) and for an evaluation after it.
  var reserveSeconds: Double { 2 * durations.last + (lastEvaluation?.seconds ?? 0) }

  // MARK: - Records

  /// Records a training step.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - result: The result of the step.
  ///   - step: The number of steps taken.
  ///   - seconds: The duration of the step.
  ///   - gradientNorm: The Euclidean length of the gradient, computed for logged steps.
  ///   - world: The ranks.
  /// - Throws: `MPIError` if the ranks cannot be compared.
  func add(
    _ result: StepResult, step: Int, seconds: Double, gradientNorm: @autoclosure () -> Double,
    over world: borrowing Communicator
  ) throws {
    durations.append(seconds)
    lastResult = result
    epoch.loss += result.loss
    epoch.lowerBound += result.lowerBound
    epoch.top1 += result.trainTop1 ?? 0
    epoch.steps += 1
    pace.add(seconds: result.shardSeconds, turns: isBalanced ? 1 : result.shardTurns)
    let isLogged = step.isMultiple(of: configuration.checkpoints.logSteps) || step == lastStep
    if isLogged, let slow = try pace.slowRank(over: world) {
      let record = SlowRankRecord(slow, step: step, epoch: Double(step) / Double(stepsPerEpoch))
      files?.add(record)
      progress?.warn(record.line)
    }
    guard let progress else { return }
    let speed = viewsPerSecond
    let text = ProgressText(
      step: step, lastStep: lastStep, epoch: (step + stepsPerEpoch - 1) / stepsPerEpoch,
      epochs: configuration.schedule.epochs, loss: result.loss, excess: result.loss - result.lowerBound,
      learningRate: Double(result.learningRate), viewsPerSecond: speed, dataShare: result.dataShare,
      secondsLeft: Double(lastStep - step) * viewsPerStep / max(speed, 1e-9),
      neighborsTop1: lastEvaluation?.measures.knn20Top1)
    if isLogged {
      let record = result.record(
        step: step, epoch: Double(step) / Double(stepsPerEpoch), seconds: seconds, gradientNorm: gradientNorm())
      lastGradientNorm = record.gradientNorm
      files?.add(record)
      warnOfCollapse(result, step: step)
      progress.show(text, record)
    } else {
      progress.show(text, nil)
    }
    if step.isMultiple(of: stepsPerEpoch) {
      endEpoch(result, step: step)
    }
  }

  private func warnOfCollapse(_ result: StepResult, step: Int) {
    guard let contrastive = result.contrastiveLoss else { return }
    let warning = collapseWatch.warning(
      atStep: step, loss: contrastive.loss, lowerBound: contrastive.lowerBound,
      collapseValue: contrastive.collapseValue)
    if let warning {
      progress?.warn(warning)
    }
  }

  private func endEpoch(_ result: StepResult, step: Int) {
    let record = EpochRecord(
      epoch: step / stepsPerEpoch, step: step, loss: epoch.mean(epoch.loss),
      lossLowerBound: epoch.mean(epoch.lowerBound),
      learningRate: Double(result.learningRate), viewsPerSecond: viewsPerSecond,
      seconds: ProcessMeasurements.now() - epoch.start, stepsCounted: epoch.steps,
      trainTop1: result.trainTop1.map { _ in epoch.mean(epoch.top1) })
    lastEpochTop1 = record.trainTop1
    files?.add(record)
    progress?.report(record, stepsPerEpoch: stepsPerEpoch)
    epoch = EpochSums()
  }

  /// Records the classifier's accuracy after a step, on the test images or, without any, on those of another split, and
  /// that of the averaged weights if there are any.
  func add(_ accuracy: TestAccuracy, averaged: TestAccuracy?, of split: Split, step: Int) {
    lastTest = (step, split, accuracy, averaged)
    files?.add(
      TestRecord(
        step: step, epoch: Double(step) / Double(stepsPerEpoch), testTop1: accuracy.top1, testTop5: accuracy.top5,
        averageTestTop1: averaged?.top1, averageTestTop5: averaged?.top5, testSplit: split.rawValue))
    progress?.report(
      "step \(step)  \(split.title) \(accuracy.text) on \(accuracy.sampleCount) samples"
        + (averaged.map { accuracy in "; averaged weights: \(accuracy.text)" } ?? ""))
  }

  /// Records an evaluation, whose duration is not part of the current epoch's duration.
  func add(_ record: EvaluationRecord) {
    lastEvaluation = record
    epoch.start += record.seconds
    files?.add(record)
    progress?.report(record)
  }

  /// Writes the plots of an evaluation to TensorBoard's files.
  func add(_ figures: EvaluationFigures, step: Int) {
    files?.add(figures.histograms, step: step)
    files?.write(figures.projected)
  }

  // MARK: - Summary

  /// The mean training accuracy of the last epoch that ended since the program started, or before that of the steps so
  /// far; `nil` without a classifier.
  ///
  /// The accuracy of a single batch would say little.
  private var trainTop1: Double? {
    lastEpochTop1 ?? lastResult?.trainTop1.map { _ in epoch.mean(epoch.top1) }
  }

  /// Returns the fields of `summary.json` except the hash of the weights.
  func summary(step: Int, status: RunStatus, memory: (maximum: Int, sum: Int)) -> [String: JSONValue] {
    let normalization = dataset.normalization
    let size = configuration.viewSize(of: dataset)
    let isClassifying = configuration.isClassifying
    let summary = RunSummary(
      command: configuration.command.rawValue, version: supconVersion, status: status.rawValue,
      commandLine: CommandLine.arguments, host: hostName(), started: startTime.formatted(.iso8601),
      ended: Date.now.formatted(.iso8601), seconds: ProcessMeasurements.now() - start, ranks: ranks,
      threadsPerRank: configuration.compute.threads, peakMemoryMaximum: memory.maximum, peakMemorySum: memory.sum,
      dataset: configuration.data.dataset.rawValue, data: configuration.data.path,
      datasetFingerprint: configuration.data.fingerprint, trainingSamples: dataset.count,
      classNames: dataset.classNames,
      mean: normalization.mean.map(Double.init), standardDeviation: normalization.standardDeviation.map(Double.init),
      imageSize: [size.width, size.height], model: configuration.model.name,
      initialPath: configuration.model.initialPath, teacherPath: configuration.classifier.teacherPath,
      lossName: configuration.lossName,
      precision: configuration.compute.resolvedPrecision.rawValue,
      instructionSet: InstructionSetAgreement.agreed.rawValue, seed: .natural(configuration.compute.seed),
      batchSize: configuration.batches.size, shardSize: configuration.batches.shardSize,
      views: configuration.views.count, classes: isClassifying ? configuration.classifier.classes : nil, steps: step,
      targetSteps: lastStep, epochs: Double(step) / Double(stepsPerEpoch), targetEpochs: configuration.schedule.epochs,
      viewsPerSecond: viewsPerSecond, finalLoss: lastResult?.loss, lossLowerBound: lastResult?.lowerBound,
      finalGradientNorm: lastGradientNorm, trainTop1: isClassifying ? trainTop1 : nil,
      testStep: lastTest?.step, testSplit: lastTest?.split.rawValue, testSamples: lastTest?.accuracy.sampleCount,
      testTop1: lastTest?.accuracy.top1,
      testTop5: lastTest?.accuracy.top5, top1Correct: lastTest?.accuracy.top1Count,
      top5Correct: lastTest?.accuracy.top5Count, averageTestTop1: lastTest?.averaged?.top1,
      averageTestTop5: lastTest?.averaged?.top5, evaluation: lastEvaluation, best: best)
    return JSONValue.fields(of: summary)
  }
}

extension StepResult {
  /// Returns the log record of the step.
  fileprivate func record(step: Int, epoch: Double, seconds: Double, gradientNorm: Double) -> StepRecord {
    func byPart<Value>(_ values: [Value]) -> [String: Value] {
      Dictionary(uniqueKeysWithValues: zip(StepPart.allCases, values).map { part, value in (part.name, value) })
    }
    let hasBothLosses = trainTop1 != nil && contrastiveLoss != nil
    return StepRecord(
      step: step, epoch: epoch, loss: loss, lossLowerBound: lowerBound,
      contrastiveLoss: hasBothLosses ? contrastiveLoss?.loss : nil,
      crossEntropy: hasBothLosses ? contrastiveLoss.map { contrastive in loss - contrastive.loss } : nil,
      trainTop1: trainTop1,
      learningRate: Double(learningRate), gradientNorm: gradientNorm, viewsPerSecond: Double(views) / seconds,
      dataShare: dataShare, collectives: communicationVolume.records,
      receivedBytesByPart: byPart(partReceivedByteCounts),
      secondsByPart: byPart(partSeconds))
  }
}
