import Configuration
import Datasets
import Inference
import Job
import MPI
import Measures
import Runs
import WeightExchange

/// The evaluation of the encoder during training (docs/evaluation.md, "During training").
///
/// The evaluation does not influence the training: it copies weights and running statistics and uses random numbers of
/// its own.
package struct HeldOutEvaluation: Sendable {
  /// The results of one evaluation: measures, and the queries' features for figures.
  package struct Result {
    /// The measured values, such as accuracies.
    package var record: EvaluationRecord
    /// The queries' representations, on every rank.
    package let representations: FeatureRows
    /// The outputs of the projection head for the queries, not scaled to unit length, on rank 0; `nil` without a
    /// projection head.
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

  /// Evaluates the encoder of a training state on the held-out samples.
  ///
  /// Collective; the results are the same on any number of ranks and threads.
  ///
  /// - Parameters:
  ///   - state: The training state.
  ///   - epoch: The number of epochs trained so far.
  ///   - world: The ranks.
  /// - Returns: The measures, also of the averaged weights if there are any, and the features of the queries.
  /// - Throws: ``CollectiveError`` naming an image that cannot be read; after any other error the job has to end at
  ///   once.
  package func result(
    of state: TrainingState, epoch: Double, over world: borrowing Communicator
  ) throws -> Result {
    let start = ProcessMeasurements.now()
    world.activity.begin("step \(state.step), evaluation")
    let (references, queries) = try features(of: state, over: world)
    var record = EvaluationRecord(
      step: state.step, epoch: epoch, queries: samples.split.rawValue, querySamples: queries.count,
      referenceSamples: references.count)
    record.measures = try measures(of: state, references, queries, over: world)
    if let averaged = state.averaged {
      world.activity.begin("step \(state.step), evaluation of the averaged weights")
      let (references, queries) = try features(of: averaged, over: world)
      record.averageMeasures = try measures(of: averaged, references, queries, over: world)
    }
    let projections = try world.onRoot { () throws -> FeatureRows? in try self.projections(of: queries, state) } ?? nil
    record.seconds = ProcessMeasurements.now() - start
    return Result(record: record, representations: queries, projections: projections)
  }

  private func measures(
    of state: TrainingState, _ references: FeatureRows, _ queries: FeatureRows, over world: borrowing Communicator
  ) throws -> EvaluationRecord.Measures {
    var measures = EvaluationRecord.Measures()
    let unitQueries = queries.unit
    try addGeometry(&measures, unitQueries, over: world)
    if samples.references.hasLabels, queries.count > 0, references.count > 0 {
      try addNeighbors(&measures, references.unit, unitQueries, over: world)
      measures.linearProbeTop1 =
        try LinearProbe.accuracy(training: references, test: queries, classCount: classCount, over: world).top1
      if configuration.isClassifying, samples.split == .validation {
        let classifier = RunClassifier(ExportedClassifier(of: state))
        measures.classifierTop1 = try classifier.accuracy(on: queries, threads: threads, over: world).top1
      }
    }
    return measures
  }

  // MARK: - Features

  private func features(
    of state: TrainingState, over world: borrowing Communicator
  ) throws -> (references: FeatureRows, queries: FeatureRows) {
    let extraction = try world.throwingTogether { () throws -> FeatureExtraction in
      // `MemoryEstimate` counts the memory of these encoders.
      try FeatureExtraction(
        configuration, state, viewSize: configuration.viewSize(of: samples.references), threads: threads,
        samplesPerBlock: FeatureExtraction.samplesPerBlock(whileTraining: configuration))
    }
    let seed = configuration.compute.seed
    return (
      try extraction.rows(of: samples.references, seed: seed, over: world),
      try extraction.rows(of: samples.queries, seed: seed, over: world)
    )
  }

  /// Computes the projection head's outputs for the queries, before scaling to unit length; `nil` without a head.
  private func projections(of queries: FeatureRows, _ state: TrainingState) throws -> FeatureRows? {
    guard configuration.isContrasting, configuration.head.kind != .none else { return nil }
    return FeatureRows(
      features: try EmbeddingHead(configuration, state).projections(of: queries.features), labels: queries.labels,
      width: configuration.widthOfEmbeddings)
  }

  // MARK: - Measures

  private func addGeometry(
    _ measures: inout EvaluationRecord.Measures, _ queries: FeatureRows, over world: borrowing Communicator
  ) throws {
    guard queries.count > 1 else { return }
    let values = try RowWork.gather(rows: queries.count, width: 3, zero: 0.0, threads: threads, over: world) {
      rows, _ in
      try AlignmentUniformity.values(queries, rows)
    }
    let summary = AlignmentUniformity.summary(values)
    measures.alignment = samples.queries.hasLabels ? summary.alignment : nil
    measures.uniformity = summary.uniformity
  }

  private func addNeighbors(
    _ measures: inout EvaluationRecord.Measures, _ references: FeatureRows, _ queries: FeatureRows,
    over world: borrowing Communicator
  ) throws {
    let votes = try KNearestNeighbors.weightedVotes(
      of: queries, among: references, sizes: [20, 200], threads: threads, over: world)
    let means = ClassMeans.means(references, classCount: classCount)
    let nearestMeans = try RowWork.gather(
      rows: queries.count, width: 1, zero: Int32(0), threads: threads, over: world
    ) { rows, _ in
      try ClassMeans.predictions(queries, rows, means: means)
    }
    measures.knn20Top1 = queries.accuracy(of: votes[0])
    measures.knn200Top1 = queries.accuracy(of: votes[1])
    measures.classMeansTop1 = queries.accuracy(of: nearestMeans)
  }
}
