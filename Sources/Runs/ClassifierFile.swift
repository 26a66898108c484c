/// The file of a trained linear classifier in a run directory, written by the linear stage.
package enum ClassifierFile {
  /// The folder of the linear stage in the run directory.
  package static let folder = "linear"
  /// The path of the classifier, relative to the run directory, by the encoder's weights that it was trained on.
  package static func path(of weights: RunWeights) -> String { "\(folder)\(weights.suffix)/classifier.safetensors" }
  /// The metadata key of the number of pretraining steps of the encoder for which the classifier was trained.
  package static let stepMetadata = "pretraining_steps"
  /// The tensor with the mean of each feature, which is subtracted from it.
  package static let meanName = "standardization.mean"
  /// The tensor with the factor by which each centered feature is multiplied.
  package static let factorName = "standardization.factor"
}
