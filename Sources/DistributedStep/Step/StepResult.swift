import MPI

/// The result of one step: its losses, and its costs on this rank.
package struct StepResult {
  /// The number of views in the global batch.
  package var views: Int
  /// The loss: the weighted sum of its parts.
  package var loss: Double
  /// The lower bound of the loss for the batch's labels.
  package var lowerBound: Double
  /// The contrastive part of the loss, if there is one.
  package var contrast: ContrastiveResult?
  /// The share of views classified correctly, if there is a classifier.
  package var trainTop1: Double?
  /// The learning rate of the step.
  package var learningRate: Float
  /// True if any rank was asked to stop; the same on all ranks.
  package var isStopRequested: Bool
  /// The seconds of each part on this rank, in the order of ``StepPart``.
  package var partSeconds: [Double]
  /// The bytes received from other ranks in each part, on this rank, in the order of ``StepPart``.
  package var partReceivedByteCounts: [Int]
  /// The traffic of this rank's collectives, by kind.
  package var traffic: Traffic

  /// The share of this rank's step spent waiting for views or making them.
  package var dataShare: Double { partSeconds[StepPart.data.rawValue] / max(partSeconds.reduce(0, +), 1e-9) }
}

/// The contrastive part of a step's loss, with its weight.
package struct ContrastiveResult {
  /// The mean over the views.
  package var loss: Double
  /// The lower bound for the batch's labels.
  package var lowerBound: Double
  /// The value when all embeddings are equal.
  package var collapseValue: Double
}
