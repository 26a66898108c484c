/// The record of a training step whose values are logged.
package struct StepRecord: MetricsRecord {
  package static let kind = "step"

  /// The number of training steps taken.
  package var step: Int
  /// The number of epochs trained, with a fraction.
  package var epoch: Double
  /// The total loss: the weighted sum of contrastive loss and cross-entropy.
  package var loss: Double
  /// The lower bound of the total loss for the batch's labels.
  package var lossLowerBound: Double
  /// The total loss minus its lower bound.
  package var lossExcess: Double
  /// The weighted contrastive loss; `nil` unless the total loss also contains a cross-entropy.
  package var contrastiveLoss: Double?
  /// The weighted cross-entropy; `nil` unless the total loss also contains a contrastive loss.
  package var crossEntropy: Double?
  /// The fraction of views that the classifier classified correctly; `nil` without a classifier.
  package var trainTop1: Double?
  package var learningRate: Double
  /// The Euclidean norm of the gradient of all parameters.
  package var gradientNorm: Double
  /// The number of views per second over all ranks in this step.
  package var viewsPerSecond: Double
  /// The fraction of the step's time that rank 0 spent waiting for views or making them.
  package var dataShare: Double
  /// The communication volume of rank 0's collectives, by MPI function name.
  package var collectives: [String: CollectiveRecord]
  /// The bytes that rank 0 received from other ranks, by part of the step.
  package var receivedBytesByPart: [String: Int]
  /// The seconds that rank 0 spent, by part of the step.
  package var secondsByPart: [String: Double]

  /// The communication volume of one kind of collective.
  package struct CollectiveRecord: Codable, Sendable {
    package var calls: Int
    package var receivedBytes: Int
    package var seconds: Double

    package init(calls: Int, receivedBytes: Int, seconds: Double) {
      (self.calls, self.receivedBytes, self.seconds) = (calls, receivedBytes, seconds)
    }

    private enum CodingKeys: String, CodingKey {
      case calls, seconds
      case receivedBytes = "received_bytes"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case step, epoch, loss, collectives
    case lossLowerBound = "loss_lower_bound"
    case lossExcess = "loss_excess"
    case contrastiveLoss = "contrastive_loss"
    case crossEntropy = "cross_entropy"
    case trainTop1 = "train_top1"
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
    case viewsPerSecond = "views_per_second"
    case dataShare = "data_share"
    case receivedBytesByPart = "received_bytes_by_part"
    case secondsByPart = "seconds_by_part"
  }

  package init(
    step: Int, epoch: Double, loss: Double, lossLowerBound: Double, contrastiveLoss: Double?, crossEntropy: Double?,
    trainTop1: Double?, learningRate: Double, gradientNorm: Double, viewsPerSecond: Double, dataShare: Double,
    collectives: [String: CollectiveRecord], receivedBytesByPart: [String: Int], secondsByPart: [String: Double]
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.lossLowerBound = lossLowerBound
    lossExcess = loss - lossLowerBound
    self.contrastiveLoss = contrastiveLoss
    self.crossEntropy = crossEntropy
    self.trainTop1 = trainTop1
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.viewsPerSecond = viewsPerSecond
    self.dataShare = dataShare
    self.collectives = collectives
    self.receivedBytesByPart = receivedBytesByPart
    self.secondsByPart = secondsByPart
  }
}
