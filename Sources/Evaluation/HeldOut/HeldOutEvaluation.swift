import Configuration
import Datasets
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The evaluation of the encoder during training (docs/evaluation.md, "During training").
///
/// It does not influence the training: weights and running statistics are copied, and it uses random numbers of its own.
package struct HeldOutEvaluation: Sendable {
  private static let probeEpochs = 20

  /// The measures of an evaluation, with the features of the evaluated samples (queries) for plots.
  package struct Result {
    /// The measured values, such as accuracies.
    package var record: EvaluationRecord
    /// The queries' representations, on every rank.
    package let representations: FeatureRows
    /// The outputs of the projection head for the queries, not scaled to unit length, on rank 0; `nil` without a projection head.
    package let projections: FeatureRows?
  }

  /// The evaluated samples and the training samples used to classify them.
  package let samples: HeldOutSamples

  private let configuration: Configuration
  private let threads: Int

  /// Creates the evaluation of a run.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - samples: The evaluated samples and the training samples used to classify them.
  package init(_ configuration: Configuration, samples: HeldOutSamples) {
    self.configuration = configuration
    self.samples = samples
    threads = configuration.compute.threads
  }

  private var classCount: Int { samples.references.classNames.count }

  /// Evaluates the weights of a training state.
  ///
  /// Collective; the results are the same on any number of ranks and threads.
  ///
  /// - Parameters:
  ///   - state: The training state.
  ///   - epoch: The number of epochs trained so far.
  ///   - world: The ranks.
  /// - Returns: The measures and the features of the queries.
  /// - Throws: ``CollectiveError`` naming an image that cannot be read; after any other error the job has to end at once.
  package func result(
    of state: TrainingState, epoch: Double, over world: borrowing Communicator
  ) throws -> Result {
    let start = ProcessMeasurements.now()
    world.activity.begin("step \(state.step), evaluation")
    let (references, queries) = try features(of: state, over: world)
    var record = EvaluationRecord(
      step: state.step, epoch: epoch, queries: samples.split.rawValue, querySamples: queries.count,
      referenceSamples: references.count)
    let unitQueries = queries.unit
    try addGeometry(&record, unitQueries, over: world)
    if samples.references.hasLabels, queries.count > 0, references.count > 0 {
      try addNeighbors(&record, references.unit, unitQueries, over: world)
      record.linearProbeTop1 = try probe(references, queries, over: world)
      if configuration.isClassifying, samples.split == .validation {
        record.classifierTop1 = try accuracy(ofClassifierIn: state, queries, over: world)
      }
    }
    let projections = try world.onRoot { () throws -> FeatureRows? in try self.projections(of: queries, state) } ?? nil
    record.seconds = ProcessMeasurements.now() - start
    return Result(record: record, representations: queries, projections: projections)
  }

  // MARK: - Features

  private func features(
    of state: TrainingState, over world: borrowing Communicator
  ) throws -> (references: FeatureRows, queries: FeatureRows) {
    let rowsPerShard = configuration.batches.shardSize * configuration.views.count
    let extraction = try world.throwingTogether { () throws -> FeatureExtraction in
      // Blocks are no larger than the shards, for which the memory is known to suffice.
      try FeatureExtraction(
        configuration, state, viewSize: configuration.viewSize(of: samples.references), threads: threads,
        samplesPerBlock: min(FeatureExtraction.usualBlockSize, rowsPerShard))
    }
    let seed = configuration.compute.seed
    return (
      try extraction.rows(of: samples.references, seed: seed, over: world),
      try extraction.rows(of: samples.queries, seed: seed, over: world)
    )
  }

  /// Computes the projection head's outputs, not scaled to unit length; `nil` without a projection head.
  private func projections(of queries: FeatureRows, _ state: TrainingState) throws -> FeatureRows? {
    guard configuration.isContrasting, configuration.head.kind != .none else { return nil }
    return FeatureRows(
      features: try EmbeddingHead(configuration, state).projections(of: queries.features), labels: queries.labels,
      width: configuration.widthOfEmbeddings)
  }

  // MARK: - Measures

  private func addGeometry(
    _ record: inout EvaluationRecord, _ queries: FeatureRows, over world: borrowing Communicator
  ) throws {
    guard queries.count > 1 else { return }
    let values = try RowWork.gather(rows: queries.count, width: 3, zero: 0.0, threads: threads, over: world) { rows in
      try AlignmentUniformity.values(queries, rows)
    }
    let summary = AlignmentUniformity.summary(values)
    record.alignment = samples.queries.hasLabels ? summary.alignment : nil
    record.uniformity = summary.uniformity
  }

  private func addNeighbors(
    _ record: inout EvaluationRecord, _ references: FeatureRows, _ queries: FeatureRows,
    over world: borrowing Communicator
  ) throws {
    let votes = try KNearestNeighbors.weightedVotes(
      of: queries, among: references, sizes: [20, 200], threads: threads, over: world)
    let means = ClassMeans.means(references, classCount: classCount)
    let nearestMeans = try RowWork.gather(
      rows: queries.count, width: 1, zero: Int32(0), threads: threads, over: world
    ) { rows in
      try ClassMeans.predictions(queries, rows, means: means)
    }
    record.knn20Top1 = queries.accuracy(of: votes[0])
    record.knn200Top1 = queries.accuracy(of: votes[1])
    record.classMeansTop1 = queries.accuracy(of: nearestMeans)
  }

  /// Returns the accuracy of a linear classifier on the representations, trained on the reference samples.
  private func probe(
    _ references: FeatureRows, _ queries: FeatureRows, over world: borrowing Communicator
  ) throws -> Double {
    let standardization = FeatureStandardization(references.features, width: references.width)
    var (training, test) = (references.features, queries.features)
    standardization.apply(&training)
    standardization.apply(&test)
    let shardSize = min(32, references.count)
    let defaults = LinearStage.Request(run: "")
    let classifier = LinearClassifier(
      LinearClassifier.Settings(
        epochs: Self.probeEpochs, batchSize: min(defaults.batchSize, references.count) / shardSize * shardSize,
        shardSize: shardSize, learningRate: defaults.learningRate, momentum: defaults.momentum,
        weightDecay: defaults.weightDecay, seed: 0),
      width: references.width, classCount: classCount, over: world)
    for epoch in 0..<Self.probeEpochs {
      _ = try classifier.trainEpoch(epoch, features: training, labels: references.labels, over: world)
    }
    let correct = try classifier.correctCounts(features: test, labels: queries.labels, over: world)
    return Double(correct.top1) / Double(queries.count)
  }

  /// Returns the top-1 accuracy on `queries` of the classifier that is trained with the encoder.
  private func accuracy(
    ofClassifierIn state: TrainingState, _ queries: FeatureRows, over world: borrowing Communicator
  ) throws -> Double {
    let logits = try RunClassifier(ExportedClassifier(of: state)).logits(queries, threads: threads, over: world)
    let classes = logits.count / queries.count
    let correct = queries.labels.indices.count { sample in
      ClassRank.rank(of: Int(queries.labels[sample]), in: logits[sample * classes..<(sample + 1) * classes]) == 0
    }
    return Double(correct) / Double(queries.count)
  }
}

extension FeatureRows {
  /// Returns the fraction of rows whose label equals the prediction.
  fileprivate func accuracy(of predictions: [Int32]) -> Double {
    Double(zip(labels, predictions).count { label, prediction in label == prediction }) / Double(count)
  }
}
