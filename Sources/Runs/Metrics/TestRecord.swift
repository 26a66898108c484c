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
  /// ``testTop1`` of the averaged weights, if the run keeps them.
  package var averageTestTop1: Double?
  /// ``testTop5`` of the averaged weights.
  package var averageTestTop5: Double?

  private enum CodingKeys: String, CodingKey {
    case step, epoch
    case testTop1 = "test_top1"
    case testTop5 = "test_top5"
    case averageTestTop1 = "average_test_top1"
    case averageTestTop5 = "average_test_top5"
  }

  package init(
    step: Int, epoch: Double, testTop1: Double, testTop5: Double, averageTestTop1: Double? = nil,
    averageTestTop5: Double? = nil
  ) {
    (self.step, self.epoch, self.testTop1, self.testTop5) = (step, epoch, testTop1, testTop5)
    (self.averageTestTop1, self.averageTestTop5) = (averageTestTop1, averageTestTop5)
  }
}
