/// The record of a logged step of training.
package struct StepRecord: MetricsRecord {
  package static let kind = "step"

  /// The number of steps taken.
  package var step: Int
  /// The number of epochs taken, with a fraction.
  package var epoch: Double
  /// The loss: the weighted sum of its parts.
  package var loss: Double
  /// The lower bound of the loss for the batch's labels.
  package var lossLowerBound: Double
  /// The loss minus its lower bound.
  package var lossExcess: Double
  /// The contrastive part of the loss, if there is a classifier too.
  package var contrastiveLoss: Double?
  /// The cross-entropy, if there is a contrastive loss too.
  package var crossEntropy: Double?
  /// The share of views classified correctly, if there is a classifier.
  package var trainTop1: Double?
  package var learningRate: Double
  /// The Euclidean length of the gradient of all parameters.
  package var gradientNorm: Double
  /// The speed of this step over all ranks.
  package var viewsPerSecond: Double
  /// The share of rank 0's step spent waiting for views or making them.
  package var dataShare: Double
  /// The traffic of rank 0's collectives, by MPI name.
  package var collectives: [String: CollectiveRecord]
  /// The bytes that rank 0 received from other ranks, by part of the step.
  package var receivedBytesByPart: [String: Int]
  /// The seconds of rank 0, by part of the step.
  package var secondsByPart: [String: Double]

  /// The traffic of one collective.
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
