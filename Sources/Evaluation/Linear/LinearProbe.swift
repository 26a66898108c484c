import MPI
import Measures

/// A linear classifier on standardized representations (linear probe), trained with the defaults of `supcon linear`.
enum LinearProbe {
  /// Trains a classifier on one set of samples and counts its correct predictions on another set.
  ///
  /// Collective; the same counts on any number of ranks.
  ///
  /// - Parameters:
  ///   - training: The representations to train on; at least one.
  ///   - test: The representations to classify.
  ///   - classCount: The number of classes.
  ///   - world: The ranks.
  /// - Returns: The numbers of correct predictions on `test`.
  /// - Throws: `MPIError` if the ranks cannot communicate.
  static func accuracy(
    training: FeatureRows, test: FeatureRows, classCount: Int, over world: borrowing Communicator
  ) throws -> TestAccuracy {
    let standardization = FeatureStandardization(training.features, width: training.width)
    var (features, testFeatures) = (training.features, test.features)
    standardization.apply(&features)
    standardization.apply(&testFeatures)
    let defaults = LinearStage.Request(run: "").fitted(to: training.count, report: .silent)
    let classifier = LinearClassifier(
      defaults.settings, width: training.width, classCount: classCount, over: world)
    for epoch in 0..<defaults.epochs {
      _ = try classifier.trainEpoch(epoch, features: features, labels: training.labels, over: world)
    }
    // Logits are not checked: a measure beside others has no options to change, and must not end a training.
    return try classifier.accuracy(features: testFeatures, labels: test.labels, over: world)
  }
}
