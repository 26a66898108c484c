/// The file of a linear classifier in a run directory, written by `supcon linear`.
package enum ClassifierFile {
  /// The folder of the linear probe's results in the run directory.
  package static let folder = "linear"
  /// Returns the path of the classifier, relative to the run directory, that was trained with the given weights of the
  /// encoder.
  package static func path(of weights: RunWeights) -> String { "\(folder)\(weights.suffix)/classifier.safetensors" }
  /// The metadata key for the number of pretraining steps of the encoder with which the classifier was trained.
  package static let stepMetadata = "pretraining_steps"
  /// The name of the tensor with the mean of each feature, which is subtracted from the feature.
  package static let meanName = "standardization.mean"
  /// The name of the tensor with the factor by which each centered feature is multiplied.
  package static let factorName = "standardization.factor"
}
