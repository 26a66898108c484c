/// The file of a linear classifier in a run directory, written by `supcon linear`.
package enum ClassifierFile {
  /// The folder of the linear probe's results in the run directory.
  package static let folder = "linear"
  /// Returns the path of the classifier, relative to the run directory, that was trained with the given weights of the
  /// encoder.
  package static func path(of weights: RunWeights) -> String { "\(folder)\(weights.suffix)/\(name)" }
  /// The name of the file in its folder.
  package static let name = "classifier.safetensors"

  /// Returns the folders of a run directory in which a classifier on the run's own data may lie, the best first.
  ///
  /// - Parameters:
  ///   - weights: The weights of the encoder.
  ///   - step: The step whose encoder is used.
  package static func folders(of weights: RunWeights, step: Int) -> [String] {
    let name = folder + weights.suffix
    return [name, "\(name)-validation"].flatMap { name in [name, "\(name)-step-\(step)"] }
  }

  /// Returns the same folders and, if a run has the classifier of one other set of data only, that folder; on rank 0.
  ///
  /// Images that were changed after training are other data too.
  package static func folders(of weights: RunWeights, step: Int, in run: RunDirectory) -> [String] {
    let own = folders(of: weights, step: step)
    let averaged = folder + RunWeights.average.suffix
    let others = FolderNames.all(in: run.path).filter { name in
      name.hasPrefix(folder + weights.suffix + "-") && (weights == .average || !name.hasPrefix(averaged))
        && !own.contains(name)
        && JSONValue.fields(ofFile: "\(run.path)/\(name)/summary.json")?["pretraining_steps"] == .integer(step)
    }
    return own + (others.count == 1 ? others : [])
  }

  /// The metadata key for the number of pretraining steps of the encoder with which the classifier was trained.
  package static let stepMetadata = "pretraining_steps"
  /// The name of the tensor with the mean of each feature, which is subtracted from the feature.
  package static let meanName = "standardization.mean"
  /// The name of the tensor with the factor by which each centered feature is multiplied.
  package static let factorName = "standardization.factor"
}
