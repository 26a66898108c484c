import MPI

/// The result of one training step: its losses, and its time and communication on this rank.
package struct StepResult {
  /// The number of views in the global batch.
  package var views: Int
  /// The total loss: the weighted sum of contrastive loss and cross-entropy.
  package var loss: Double
  /// The smallest value that the total loss can have, given the labels of the batch.
  package var lowerBound: Double
  /// The contrastive loss; `nil` if there is none.
  package var contrastiveLoss: ContrastiveResult?
  /// The fraction of views that the classifier classified correctly; `nil` without a classifier.
  package var trainTop1: Double?
  /// The learning rate with which the step updated the parameters.
  package var learningRate: Float
  /// True if any rank was asked to stop; the same on all ranks.
  package var isStopRequested: Bool
  /// The seconds of each part of the step on this rank, at the index of its ``StepPart/rawValue``.
  package var partSeconds: [Double]
  /// The maximum number of shards that one thread of this rank computed in sequence.
  package var shardTurns: Int
  /// The bytes received from other ranks in each part of the step, at the index of its ``StepPart/rawValue``.
  package var partReceivedByteCounts: [Int]
  /// The communication volume of this rank, by kind of collective.
  package var communicationVolume: CommunicationVolume

  /// The seconds of this rank's own work on its shards, without waiting for other ranks.
  package var shardSeconds: Double {
    [StepPart.data, .forward, .backward].reduce(0) { sum, part in sum + partSeconds[part.rawValue] }
  }

  /// The fraction of this rank's step time that was spent waiting for views or making them.
  package var dataShare: Double { partSeconds[StepPart.data.rawValue] / max(partSeconds.reduce(0, +), 1e-9) }
}

/// The contrastive part of a step's total loss, multiplied by its weight (`--contrastive-weight`).
package struct ContrastiveResult {
  /// The mean of the contrastive loss over the anchors.
  package var loss: Double
  /// The lower bound of the loss for the batch's labels.
  package var lowerBound: Double
  /// The value of the loss if all embeddings are equal (collapse).
  package var collapseValue: Double
}
