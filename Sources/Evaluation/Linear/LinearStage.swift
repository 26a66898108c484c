import Configuration
import Datasets
import Formats
import Imaging
import Job
import MPI
import Runs

/// The linear probe: a classifier on a run's frozen encoder, trained on the training set, tested on the test set.
package enum LinearStage {
  /// The options of the command.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The folder of the dataset; `nil` for the run's.
    package var data: String?
    /// The number of epochs.
    package var epochs = 20
    /// The number of samples in a global batch.
    package var batchSize = 256
    /// The number of samples in a shard.
    package var shardSize = 32
    /// The peak learning rate of the cosine schedule.
    package var learningRate = 0.1
    /// The optimizer's momentum.
    package var momentum = 0.9
    /// The weight decay.
    package var weightDecay = 0.0
    /// The augmentation; with `none`, features are computed once, otherwise once an epoch.
    package var augmentation = Augmentation.none
    /// The random seed.
    package var seed: UInt64 = 0
    /// The number of threads of each rank for computing features.
    package var threads = 1

    /// The defaults for a run.
    package init(run: String) {
      self.run = run
    }

    /// The error in the options themselves, or `nil`.
    package var problem: String? {
      let checks: [(Bool, String)] = [
        (
          batchSize.isMultiple(of: max(shardSize, 1)),
          "--batch-size \(batchSize): expected a multiple of --shard-size \(shardSize)"
        ),
        (
          learningRate.isFinite && learningRate >= 0, "--learning-rate \(learningRate): expected a number of at least 0"
        ),
        (momentum >= 0 && momentum < 1, "--momentum \(momentum): expected a number from 0 to below 1"),
        (weightDecay.isFinite && weightDecay >= 0, "--weight-decay \(weightDecay): expected a number of at least 0"),
      ]
      return Configuration.problem(of: "epochs", epochs, atLeast: 1)
        ?? Configuration.problem(of: "batch-size", batchSize, atLeast: 1)
        ?? Configuration.problem(of: "shard-size", shardSize, atLeast: 1)
        ?? checks.first { isFine, _ in !isFine }?.1 ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// Trains and tests the classifier.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    let start = ProcessMeasurements.now()
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, data: request.data, over: world, report: report)
    let training = try DatasetChoice.open(encoder.configuration, .train, over: world, report: report)
    let test = try DatasetChoice.open(encoder.configuration, .test, over: world, report: report)
    try world.agreeOnSamples(of: training, encoder.configuration)
    try world.agreeOnSamples(of: test, encoder.configuration)
    try world.throwingTogether {
      guard training.count >= request.batchSize else {
        throw RunError(
          .usage,
          "--batch-size \(request.batchSize): the training set has only \(training.count) samples; choose a smaller batch"
        )
      }
    }
    try world.onRoot { try RunDirectory(path: request.run).createFolder(LinearResult.folder) }
    let augmentation = request.augmentation
    report(
      "linear classifier on \(request.run) (\(encoder.configuration.model.name) after step \(encoder.state.step)): "
        + "\(training.count) training and \(test.count) test samples")

    let extraction = try encoder.extraction(for: training, threads: request.threads, over: world)
    let trainingLoader = extraction.makeLoader(training, augmentation, seed: request.seed)
    let testLoader = extraction.makeLoader(test, .none, seed: request.seed)
    var trainingFeatures = try extraction.features(of: trainingLoader, over: world)
    var testFeatures = try extraction.features(of: testLoader, over: world)
    let standardization = FeatureStandardization(trainingFeatures, width: extraction.width)
    standardization.apply(&trainingFeatures)
    standardization.apply(&testFeatures)
    try training.reportReplaced(over: world, report: report)
    try test.reportReplaced(over: world, report: report)
    report("features of all samples after \(duration(ProcessMeasurements.now() - start))")

    let classifier = LinearClassifier(
      LinearClassifier.Settings(
        epochs: request.epochs, batchSize: request.batchSize, shardSize: request.shardSize,
        learningRate: request.learningRate, momentum: request.momentum, weightDecay: request.weightDecay,
        seed: request.seed),
      width: extraction.width, classCount: training.classNames.count, over: world)
    let trainingLabels = training.labels
    let testLabels = test.labels
    var epochs: [[String: JSONValue]] = []
    for epoch in 0..<request.epochs {
      if epoch > 0, !augmentation.isIdentity {
        trainingFeatures = try extraction.features(of: trainingLoader, epoch: epoch, over: world)
        standardization.apply(&trainingFeatures)
      }
      let loss = try classifier.trainEpoch(epoch, features: trainingFeatures, labels: trainingLabels, over: world)
      guard loss.isFinite else {
        throw CollectiveError(
          error: RunError(
            .software, "epoch \(epoch + 1): the cross-entropy is \(loss); lower --learning-rate or --momentum"))
      }
      epochs.append(["epoch": .integer(epoch + 1), "loss": .number(loss)])
      if epoch == 0 || (epoch + 1).isMultiple(of: 5) || epoch + 1 == request.epochs {
        report("epoch \(epoch + 1)/\(request.epochs)  cross-entropy \(decimal(loss, 4))")
      }
    }
    world.activity.begin("testing")
    let correct = try classifier.correctCounts(features: testFeatures, labels: testLabels, over: world)
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    let result = LinearResult(
      request: request, step: encoder.state.step, classNames: training.classNames,
      trainingCount: training.count, testCount: test.count, top1Count: correct.top1, top5Count: correct.top5,
      ranks: world.size, seconds: ProcessMeasurements.now() - start, memory: memory, epochs: epochs)
    world.activity.begin("writing the result", allowsSilence: true)
    try world.onRoot {
      try result.write(classifier, standardization, into: RunDirectory(path: request.run))
      report(
        "linear top-1 \(decimal(result.top1, 4)), top-5 \(decimal(result.top5, 4)) on \(test.count) test samples, "
          + "after \(duration(result.seconds)); in \(request.run)/linear/summary.json")
    }
  }
}
