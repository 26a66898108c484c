import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging
import Job
import MPI
import Runs

/// The linear probe: a linear classifier on the representations of a run's frozen encoder, trained on the training set
/// and tested on the test set.
package enum LinearStage {
  /// The options of `supcon linear`.
  package struct Request: Sendable {
    /// The run directory of the encoder.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// The split to test on: `test` or `validation`.
    package var split = Split.test
    /// The folder of the dataset; `nil` for the one that the run was trained on.
    package var data: String?
    /// The number of training epochs.
    package var epochs = 20
    /// The number of samples in a global batch.
    package var batchSize = 256
    /// The number of samples in a shard.
    package var shardSize = 32
    /// The peak learning rate of the cosine schedule.
    package var learningRate = 0.1
    /// The optimizer's momentum.
    package var momentum = 0.9
    /// The weight decay coefficient.
    package var weightDecay = 0.0
    /// The augmentation of training images; with `none`, features are computed only once, otherwise in every epoch.
    package var augmentation = Augmentation.none
    /// The random seed.
    package var seed: UInt64 = 0
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory.
    package init(run: String) {
      self.run = run
    }

    /// The error message for the first invalid option; `nil` if there is none.
    package var problem: String? {
      // Training computes in float32.
      func isFine(_ number: Double) -> Bool { number >= 0 && Float(number).isFinite }
      let checks: [(Bool, String)] = [
        (split != .train, "--split train: expected test or validation"),
        (
          isFine(learningRate),
          "--learning-rate \(plain(learningRate)): expected a number of at least 0 that float32 holds"
        ),
        (momentum >= 0 && momentum < 1, "--momentum \(plain(momentum)): expected a number from 0 to below 1"),
        (
          isFine(weightDecay),
          "--weight-decay \(plain(weightDecay)): expected a number of at least 0 that float32 holds"
        ),
      ]
      return Configuration.problem(of: "epochs", epochs, atLeast: 1)
        ?? Configuration.problem(of: "batch-size", batchSize, atLeast: 1)
        ?? Configuration.problem(of: "shard-size", shardSize, atLeast: 1)
        ?? BatchOptions.problem(ofBatch: batchSize, inShardsOf: shardSize)?.description ?? checks.first { isFine, _ in
          !isFine
        }?.1 ?? Configuration.problem(ofThreads: threads)
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
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    let start = ProcessMeasurements.now()
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
      report: report)
    let (training, opened, folder, place) = try encoder.openData(
      for: ClassifierFile.folder, testing: request.split, over: world, report: report)
    let origin = ResultOrigin(of: encoder.configuration, identity: place.identity)
    let test = opened.dataset
    try world.agreeOnSamples(of: training, encoder.configuration)
    try world.agreeOnSamples(of: test, encoder.configuration)
    let request = request.fitted(to: training.count, report: report)
    try world.onRoot { try RunDirectory(path: request.run).prepareResult(in: folder) }
    report(
      "linear classifier on \(request.run) (\(encoder.configuration.model.name) \(encoder.stepText)): "
        + "\(training.count) training and \(test.count) \(opened.split.title) samples")

    var features = try StandardizedFeatures(request, encoder, training, test, over: world)
    try training.reportReplaced(over: world, report: report)
    try test.reportReplaced(over: world, report: report)
    report("features of all samples after \(duration(ProcessMeasurements.now() - start))")
    let classifier = LinearClassifier(
      request.settings, width: features.width, classCount: training.classNames.count, over: world)
    let epochs = try train(classifier, on: &features, request, over: world, report: report)

    world.activity.begin("testing")
    let accuracy = try classifier.accuracy(features: features.test, labels: test.labels, over: world) { logits in
      // The loss of the last step is that before its update.
      guard logits.allSatisfy(\.isFinite) else {
        throw RunError(
          .software, "the classifier's logits are not finite: it has diverged",
          remedy: "lower --learning-rate or --momentum")
      }
    }
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    let result = LinearResult(
      request: request, split: opened.split, resultFolder: folder, classNames: training.classNames,
      trainingCount: training.count, accuracy: accuracy, ranks: world.size,
      seconds: ProcessMeasurements.now() - start, memory: memory, epochs: epochs)
    world.activity.begin("writing the result", allowsSilence: true)
    try world.onRoot {
      try result.write(
        classifier, features.standardization, of: encoder, origin, into: RunDirectory(path: request.run))
      report(
        "linear \(accuracy.text) on \(test.count) \(opened.split.title) samples, "
          + "after \(duration(result.seconds)); in \(request.run)/\(folder)/summary.json")
    }
  }

  /// Trains the classifier for all epochs.
  ///
  /// Collective.
  ///
  /// - Returns: One record per epoch.
  private static func train(
    _ classifier: LinearClassifier, on features: inout StandardizedFeatures, _ request: Request,
    over world: borrowing Communicator, report: Reporter
  ) throws -> [[String: JSONValue]] {
    var epochs: [[String: JSONValue]] = []
    for epoch in 0..<request.epochs {
      if epoch > 0, !request.augmentation.isIdentity {
        try features.augmentAgain(epoch: epoch, over: world)
      }
      let loss = try classifier.trainEpoch(
        epoch, features: features.training, labels: features.labels, over: world)
      guard loss.isFinite else {
        throw CollectiveError(
          error: RunError(
            .software, "epoch \(epoch + 1): the cross-entropy is \(loss)",
            remedy: "lower --learning-rate or --momentum"))
      }
      epochs.append([
        "kind": .text("epoch"), "time": .text(Date.now.formatted(.iso8601)), "epoch": .integer(epoch + 1),
        "loss": .number(loss),
      ])
      if epoch == 0 || (epoch + 1).isMultiple(of: 5) || epoch + 1 == request.epochs {
        report("epoch \(epoch + 1)/\(request.epochs)  cross-entropy \(decimal(loss, 4))")
      }
    }
    return epochs
  }
}

extension LinearStage.Request {
  /// The hyperparameters of the classifier's training.
  var settings: LinearClassifier.Settings {
    LinearClassifier.Settings(
      epochs: epochs, batchSize: batchSize, shardSize: shardSize, learningRate: learningRate, momentum: momentum,
      weightDecay: weightDecay, seed: seed)
  }

  /// Returns the request with a batch size reduced to at most `sampleCount` samples.
  func fitted(to sampleCount: Int, report: Reporter) -> LinearStage.Request {
    guard batchSize > sampleCount else { return self }
    var fitted = self
    fitted.shardSize = min(shardSize, sampleCount)
    fitted.batchSize = sampleCount / fitted.shardSize * fitted.shardSize
    report.note(
      "batches of \(fitted.batchSize) in place of \(batchSize), as the training set has \(counted(sampleCount, "sample"))"
    )
    return fitted
  }
}
