/// The record of an evaluation of the encoder during training (`--evaluate-epochs`), never on the test set.
///
/// Images (queries) are classified by reference samples, which are training images. Measures that need labels are `nil` for unlabeled images.
package struct EvaluationRecord: MetricsRecord {
  package static let kind = "evaluation"
  package static let namesWithoutCurve: Set<String> = ["step", "epoch", "query_samples", "reference_samples"]

  /// The number of training steps taken.
  package var step: Int
  /// The number of epochs trained, with a fraction.
  package var epoch: Double
  /// The split of the queries: `validation`, or `train` (on which the encoder is trained) if no images are held out.
  package var queries: String
  /// The number of queries, which are the images that were classified.
  package var querySamples: Int
  /// The number of reference samples.
  package var referenceSamples: Int
  /// The accuracy of weighted k-nearest neighbors with k = 20.
  package var knn20Top1: Double?
  /// The accuracy of weighted k-nearest neighbors with k = 200.
  package var knn200Top1: Double?
  /// The accuracy of classification by the nearest class mean.
  package var classMeansTop1: Double?
  /// The accuracy of a linear classifier on the representations.
  package var linearProbeTop1: Double?
  /// The accuracy of the classifier that is trained with the run; `nil` without one, or if the queries are training images.
  package var classifierTop1: Double?
  /// The mean of ‖x − y‖² over pairs of queries of the same class.
  package var alignment: Double?
  /// The log of the mean of exp(−2 ‖x − y‖²) over pairs of queries.
  package var uniformity: Double?
  /// The duration of the evaluation in seconds.
  package var seconds: Double

  private enum CodingKeys: String, CodingKey {
    case step, epoch, queries, alignment, uniformity, seconds
    case querySamples = "query_samples"
    case referenceSamples = "reference_samples"
    case knn20Top1 = "knn20_weighted_top1"
    case knn200Top1 = "knn200_weighted_top1"
    case classMeansTop1 = "class_means_top1"
    case linearProbeTop1 = "linear_probe_top1"
    case classifierTop1 = "classifier_top1"
  }

  /// Creates a record without measures.
  package init(step: Int, epoch: Double, queries: String, querySamples: Int, referenceSamples: Int) {
    self.step = step
    self.epoch = epoch
    self.queries = queries
    self.querySamples = querySamples
    self.referenceSamples = referenceSamples
    seconds = 0
  }
}
