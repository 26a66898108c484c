import Configuration
import Datasets
import Inference
import Job
import MPI
import Measures

/// The predicted classes of the test images, by the run's classifier or, without one, by the nearest training images.
struct ClassificationStudy {
  /// A test image that was classified incorrectly.
  struct Mistake {
    let sample: Int
    let label: Int
    let prediction: Int
    let confidence: Double
  }

  /// The name of the classifier, or of the other source of the predictions.
  let source: String
  /// A sentence about the run's classifier if it knows other classes; else `nil`.
  let note: String?
  /// The number of nearest training images that voted; `nil` if a classifier made the predictions.
  let voterCount: Int?
  let probabilities: ClassProbabilities
  let confusion: ConfusionMatrix
  let calibration: Calibration
  /// The incorrect predictions with the highest confidence.
  let mistakes: [Mistake]

  private static let neighborCount = 20
  private static let mistakeLimit = 12

  /// Predicts the classes of the test images; `nil` if there are no labels.
  ///
  /// Collective.
  init?(
    _ run: String, _ encoder: FrozenEncoder, training: FeatureRows, test: FeatureRows, plainTest: FeatureRows,
    _ sets: StudiedSets, threads: Int, over world: borrowing Communicator, report: Reporter
  ) throws {
    let classCount = sets.test.classNames.count
    guard sets.test.hasLabels else { return nil }
    let found = try RunClassifier(of: encoder, run: run, over: world, report: report)
    let difference = try found?.difference(from: sets.test.classNames, of: "the dataset", run: run, over: world)
    note = difference.map { text in "Without the run's classifier, which is one of other classes: \(text)." }
    if let classifier = found, difference == nil {
      source = "the run's classifier"
      voterCount = nil
      probabilities = ClassProbabilities(
        logits: try classifier.logits(plainTest, threads: threads, over: world), labels: test.labels,
        classCount: classCount)
    } else {
      let count = sets.shared.othersCount(Self.neighborCount, among: training.count)
      source = "the \(counted(count, "nearest \(sets.isTraining ? "other " : "")training image")) (weighted vote)"
      voterCount = count
      probabilities = ClassProbabilities(
        logits: try Self.votes(training, test, sets.shared, classCount, threads: threads, over: world),
        labels: test.labels, classCount: classCount)
    }
    let (probabilities, labels) = (probabilities, test.labels)
    let predictions = labels.indices.map { sample in Int32(probabilities.predictedClass(sample)) }
    confusion = ConfusionMatrix(labels: labels, predictions: predictions, classCount: classCount)
    calibration = Calibration(probabilities)
    mistakes = labels.indices.filter { sample in predictions[sample] != labels[sample] }.map { sample in
      let prediction = Int(predictions[sample])
      return Mistake(
        sample: sample, label: Int(labels[sample]), prediction: prediction,
        confidence: probabilities.probabilities(sample)[prediction])
    }.sorted { one, other in (-one.confidence, one.sample) < (-other.confidence, other.sample) }
      .prefix(Self.mistakeLimit).map { mistake in mistake }
  }

  /// Returns log Σ exp(s / τ) over the nearest training images of each class, with cosine similarities s, as logits.
  ///
  /// Collective.
  private static func votes(
    _ training: FeatureRows, _ test: FeatureRows, _ shared: SharedImages, _ classCount: Int, threads: Int,
    over world: borrowing Communicator
  ) throws -> [Float] {
    let search = KNearestNeighbors(k: shared.searchedCount(neighborCount, among: training.count), width: test.width)
    let norms = search.squaredLengths(training.features)
    world.activity.begin("nearest neighbors")
    return try RowWork.gather(rows: test.count, width: classCount, zero: Float(0), threads: threads, over: world) {
      queries, _ in
      zip(queries, try search.neighbors(of: test, queries, training, norms)).flatMap { query, nearest in
        search.voteLogits(
          shared.others(nearest, of: query, limit: neighborCount), training.labels, norms, classCount: classCount)
      }
    }
  }

  /// True if a classifier made the predictions, so that its probabilities can be calibrated.
  var isClassifier: Bool { voterCount == nil }

  /// The name of ``accuracy`` beside those that other commands measured.
  var measureName: String {
    let source = voterCount.map { count in counted(count, "nearest image") } ?? "classifier"
    return "\(source), measured here"
  }

  /// The fraction of test images that are classified correctly.
  var accuracy: Double { probabilities.accuracy.top1 }
}
