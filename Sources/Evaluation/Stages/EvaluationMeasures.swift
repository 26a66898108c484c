import Configuration
import Glibc
import MPI
import Measures
import Runs

/// The measures of unit-length features and of logits, as defined in docs/evaluation.md.
struct EvaluationMeasures {
  /// The number of random draws of labeled samples for few-shot accuracy.
  static let drawCount = 20
  private static let restarts = 10
  /// The k of the k-NN distance that scores samples for out-of-distribution detection (Sun, Ming, Zhu and Li 2022).
  static let outlierNeighbor = 50

  /// The features of the training set, with rows of unit length.
  let training: FeatureRows
  /// The features of the test set, with rows of unit length.
  let test: FeatureRows
  let classNames: [String]
  let seed: UInt64
  let threads: Int

  private var classCount: Int { classNames.count }

  /// Adds the accuracies of weighted k-nearest neighbors, of class means, and of few-shot class means.
  ///
  /// Collective.
  func addAccuracies(_ report: inout EvaluationReport, over world: borrowing Communicator) throws {
    let sizes = [20, 200]
    let votes = try KNearestNeighbors.weightedVotes(
      of: test, among: training, sizes: sizes, threads: threads, over: world)
    for (k, votes) in zip(sizes, votes) {
      report.add(
        "knn\(k)_weighted_top1", "weighted k-NN, k \(min(k, training.count)), τ 0.07", test.accuracy(of: votes))
    }
    world.activity.begin("class means")
    let all = ClassMeans.means(training, classCount: classCount)
    report.add("class_means_top1", "class means", try accuracy(means: [all], over: world)[0])
    let largestClass = Dictionary(training.labels.map { label in (label, 1) }, uniquingKeysWith: +).values.max() ?? 0
    // Of smaller classes every draw takes all images, which the class means above have.
    for shots in [1, 5, 10] where shots <= largestClass {
      let means = (0..<Self.drawCount).map { draw in
        ClassMeans.means(
          training, ClassMeans.draw(training, shots: shots, classCount: classCount, seed: seed, draw: draw),
          classCount: classCount)
      }
      let summary = ClassMeans.summary(try accuracy(means: means, over: world))
      report.add(
        "few_shot\(shots)_top1", "few-shot, \(counted(shots, "image")) a class: mean of \(Self.drawCount) draws",
        summary.mean)
      report.add(
        "few_shot\(shots)_top1_deviation", "few-shot, \(counted(shots, "image")) a class: standard deviation",
        summary.deviation)
    }
  }

  /// Returns the test accuracy of classification by the nearest class mean, for each of several sets of class means.
  private func accuracy(means: [[Float]], over world: borrowing Communicator) throws -> [Double] {
    let test = test
    let predictions = try RowWork.gather(
      rows: means.count, width: test.count, zero: Int32(0), blockSize: 1, threads: threads, over: world
    ) { draws, _ in
      try ClassMeans.predictions(test, 0..<test.count, means: means[draws.lowerBound])
    }
    return means.indices.map { draw in
      test.accuracy(of: predictions[draw * test.count..<(draw + 1) * test.count])
    }
  }

  /// Adds retrieval, clustering, alignment and uniformity of the test features.
  ///
  /// Collective.
  func addGeometry(_ report: inout EvaluationReport, over world: borrowing Communicator) throws {
    let (test, seed, classCount) = (test, seed, classCount)
    var classCounts = [Int](repeating: 0, count: classCount)
    for label in test.labels {
      classCounts[Int(label)] += 1
    }
    world.activity.begin("retrieval")
    let counts = classCounts
    let retrieval = Retrieval.means(
      try RowWork.gather(rows: test.count, width: 3, zero: 0.0, threads: threads, over: world) { queries, _ in
        try Retrieval.values(test, queries, classCounts: counts)
      })
    report.add("retrieval_precision_at_1", "retrieval, precision@1", retrieval?.precisionAt1)
    report.add("retrieval_r_precision", "retrieval, R-precision", retrieval?.rPrecision)
    report.add("retrieval_map_at_r", "retrieval, mAP@R", retrieval?.meanAveragePrecision)
    world.activity.begin("k-means")
    let (clusters, activity) = (min(classCount, test.count), world.activity)
    let clusterings = try RowWork.gather(
      rows: Self.restarts, width: test.count + 1, zero: 0.0, blockSize: 1, threads: threads, over: world
    ) { restarts, _ in
      let clustering = try KMeans(test, k: clusters, seed: seed, restart: restarts.lowerBound) {
        activity.progressed()
      }
      return [clustering.inertia] + clustering.clusters.map { cluster in Double(cluster) }
    }
    let stride = test.count + 1
    let best = (0..<Self.restarts).min { one, other in clusterings[one * stride] < clusterings[other * stride] } ?? 0
    let agreement = ClusteringAgreement(
      test.labels, clusterings[best * stride + 1..<(best + 1) * stride].map { cluster in Int32(cluster) })
    report.add("kmeans_nmi", "k-means, NMI", agreement.normalized)
    report.add("kmeans_ami", "k-means, AMI", agreement.adjusted)
    world.activity.begin("alignment and uniformity")
    let summary = AlignmentUniformity.summary(
      try RowWork.gather(rows: test.count, width: 3, zero: 0.0, threads: threads, over: world) { samples, _ in
        try AlignmentUniformity.values(test, samples)
      })
    report.add("alignment", "alignment within classes", summary.alignment)
    report.add("uniformity", "uniformity", summary.uniformity)
  }

  /// Adds measures of out-of-distribution detection: telling samples of another dataset from the test set.
  ///
  /// Collective.
  func addDetection(_ report: inout EvaluationReport, outliers: FeatureRows, over world: borrowing Communicator) throws
  {
    let (training, classCount) = (training, classCount)
    let search = KNearestNeighbors(k: min(Self.outlierNeighbor, training.count), width: training.width)
    let norms = search.squaredLengths(training.features)
    let activity = world.activity
    activity.begin("outliers", allowsSilence: true)
    let one = Mahalanobis(training, classCount: 1) { activity.progressed() }
    let tied = Mahalanobis(training, classCount: classCount) { activity.progressed() }
    func distances(_ rows: FeatureRows) throws -> [Double] {
      try RowWork.gather(rows: rows.count, width: 3, zero: 0.0, threads: threads, over: world) { samples, _ in
        let neighbors = try search.neighbors(of: rows, samples, training, norms)
        return zip(samples, neighbors).flatMap { sample, nearest in
          [
            search.squaredDistance(to: nearest[nearest.count - 1], from: sample, of: rows),
            one.distance(rows[sample]), tied.distance(rows[sample]),
          ]
        }
      }
    }
    let (inside, outside) = (try distances(test), try distances(outliers))
    for (place, (field, title)) in [
      ("ood_knn", "outliers, k-NN distance"), ("ood_mahalanobis", "outliers, Mahalanobis, one mean"),
      ("ood_mahalanobis_classes", "outliers, Mahalanobis, class means"),
    ].enumerated() {
      func column(_ values: [Double]) -> [Double] {
        stride(from: place, to: values.count, by: 3).map { index in values[index] }
      }
      let detection = OutlierDetection(inside: column(inside), outside: column(outside))
      report.add("\(field)_auroc", "\(title), AUROC", detection.areaUnderROC)
      report.add("\(field)_fpr95", "\(title), FPR95", detection.falsePositiveRate95)
    }
  }

  /// Adds accuracy, calibration and confusion matrix of a classifier on the test set.
  static func addClassification(
    _ report: inout EvaluationReport, _ probabilities: ClassProbabilities, classNames: [String]
  ) -> ConfusionMatrix {
    let samples = Array(probabilities.labels.indices)
    let accuracy = probabilities.accuracy
    report.add("top1", "classifier, top-1", accuracy.top1)
    report.add("top5", "classifier, top-5", accuracy.top5)
    let calibration = Calibration(probabilities)
    let temperatures = Calibration.crossFittedTemperatures(probabilities)
    report.add("ece", "expected calibration error, 15 bins", calibration.error)
    report.add("nll", "negative log-likelihood", probabilities.negativeLogLikelihood(samples))
    report.add(
      "ece_temperature_scaled", "the same error after temperature scaling",
      Calibration(probabilities, temperatures: temperatures).error)
    let confusion = ConfusionMatrix(
      labels: probabilities.labels,
      predictions: samples.map { sample in Int32(probabilities.predictedClass(sample)) },
      classCount: probabilities.classCount)
    report.details["calibration_bins"] = .list(
      calibration.bins.map { bin in
        .object([
          "count": .integer(bin.count), "accuracy": .number(bin.accuracy), "confidence": .number(bin.confidence),
        ])
      })
    report.details["temperatures"] = .list(
      [temperatures.first ?? 1, temperatures.dropFirst().first ?? 1].map { value in .number(value) })
    report.details["classes"] = .list(
      classNames.indices.map { label in
        .object([
          "name": .text(classNames[label]), "precision": .number(confusion.precision(label)),
          "recall": .number(confusion.recall(label)),
        ])
      })
    return confusion
  }
}
