/// The record of a completed epoch.
package struct EpochRecord: MetricsRecord {
  package static let kind = "epoch"
  package static let namesWithoutCurve: Set<String> = ["step", "epoch", "steps_counted"]

  /// The number of the epoch, counted from 1.
  package var epoch: Int
  /// The number of the epoch's last step, counted from the start of the run.
  package var step: Int
  /// The mean loss of the epoch's steps since the program started.
  package var loss: Double
  /// The mean lower bound of the loss of the same steps, for the labels of their batches.
  package var lossLowerBound: Double
  /// The learning rate of the last step.
  package var learningRate: Double
  /// The number of views per second over all ranks since the program started.
  package var viewsPerSecond: Double
  /// The duration of the epoch in seconds since the program started, without evaluations.
  package var seconds: Double
  /// The number of the epoch's steps since the program started; fewer than all if the run was resumed within the epoch.
  package var stepsCounted: Int
  /// The mean fraction of views that the classifier classified correctly; `nil` without a classifier.
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
