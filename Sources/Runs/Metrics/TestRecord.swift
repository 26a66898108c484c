/// The record of a test of the classifier on the test set.
package struct TestRecord: MetricsRecord {
  package static let kind = "test"

  /// The number of steps taken.
  package var step: Int
  /// The number of epochs taken, with a fraction.
  package var epoch: Double
  /// The share of test samples whose class has the largest logit.
  package var testTop1: Double
  /// The share of test samples whose class is among the five largest logits.
  package var testTop5: Double

  private enum CodingKeys: String, CodingKey {
    case step, epoch
    case testTop1 = "test_top1"
    case testTop5 = "test_top5"
  }

  package init(step: Int, epoch: Double, testTop1: Double, testTop5: Double) {
    (self.step, self.epoch, self.testTop1, self.testTop5) = (step, epoch, testTop1, testTop5)
  }
}
