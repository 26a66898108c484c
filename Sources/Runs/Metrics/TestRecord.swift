/// The record of a test of the run's classifier on the test set.
package struct TestRecord: MetricsRecord {
  package static let kind = "test"

  /// The number of training steps taken.
  package var step: Int
  /// The number of epochs trained, with a fraction.
  package var epoch: Double
  /// The fraction of test samples whose class has the largest logit.
  package var testTop1: Double
  /// The fraction of test samples whose class is among those of the five largest logits; `nil` for at most five
  /// classes.
  package var testTop5: Double?
  /// The value of ``testTop1`` for the averaged weights; `nil` if the run does not average weights.
  package var averageTestTop1: Double?
  /// The value of ``testTop5`` for the averaged weights; `nil` if the run does not average weights.
  package var averageTestTop5: Double?
  /// The images of the test: `validation` if there were no test images; `nil` in the logs of earlier versions.
  package var testSplit: String?

  private enum CodingKeys: String, CodingKey {
    case step, epoch
    case testTop1 = "test_top1"
    case testTop5 = "test_top5"
    case averageTestTop1 = "average_test_top1"
    case averageTestTop5 = "average_test_top5"
    case testSplit = "test_split"
  }

  package init(
    step: Int, epoch: Double, testTop1: Double, testTop5: Double?, averageTestTop1: Double? = nil,
    averageTestTop5: Double? = nil, testSplit: String? = nil
  ) {
    (self.step, self.epoch, self.testTop1, self.testTop5) = (step, epoch, testTop1, testTop5)
    (self.averageTestTop1, self.averageTestTop5, self.testSplit) = (averageTestTop1, averageTestTop5, testSplit)
  }
}
