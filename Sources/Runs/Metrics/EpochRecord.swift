/// The record of a finished epoch.
package struct EpochRecord: MetricsRecord {
  package static let kind = "epoch"
  package static let namesWithoutCurve: Set<String> = ["step", "epoch", "steps_counted"]

  /// The number of the epoch, counted from 1.
  package var epoch: Int
  /// Its last step.
  package var step: Int
  /// The mean loss of its steps in this invocation.
  package var loss: Double
  /// The lower bound of the loss for the labels of the last batch.
  package var lossLowerBound: Double
  /// The learning rate of the last step.
  package var learningRate: Double
  /// The speed of this invocation over all ranks.
  package var viewsPerSecond: Double
  /// The duration, in this invocation, without evaluations.
  package var seconds: Double
  /// The number of this epoch's steps that this invocation took; fewer than all after a resume within the epoch.
  package var stepsCounted: Int
  /// The mean share of views classified correctly, if there is a classifier.
  package var trainTop1: Double?

  private enum CodingKeys: String, CodingKey {
    case epoch, step, loss, seconds
    case lossLowerBound = "loss_lower_bound"
    case learningRate = "learning_rate"
    case viewsPerSecond = "views_per_second"
    case stepsCounted = "steps_counted"
    case trainTop1 = "train_top1"
  }

  package init(
    epoch: Int, step: Int, loss: Double, lossLowerBound: Double, learningRate: Double, viewsPerSecond: Double,
    seconds: Double, stepsCounted: Int, trainTop1: Double?
  ) {
    self.epoch = epoch
    self.step = step
    self.loss = loss
    self.lossLowerBound = lossLowerBound
    self.learningRate = learningRate
    self.viewsPerSecond = viewsPerSecond
    self.seconds = seconds
    self.stepsCounted = stepsCounted
    self.trainTop1 = trainTop1
  }
}
