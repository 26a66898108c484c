import Configuration

/// A file of weights that training writes at the end of a run, for other programs.
package struct WeightFile: Sendable {
  /// The kind of weights.
  package let weights: RunWeights
  /// The prefix of the names of its tensors.
  package let prefix: String
  /// The path of the file.
  package let path: String
}

extension RunDirectory {
  /// Returns the files of weights of a finished run: the encoder, a classifier that was trained with it, and the same
  /// of the averaged weights if the run averages weights.
  package func weightFiles(_ configuration: Configuration) -> [WeightFile] {
    let kinds: [RunWeights] = configuration.optimizer.averageDecay == nil ? [.raw] : [.raw, .average]
    return kinds.flatMap { weights in
      let encoder = WeightFile(
        weights: weights, prefix: TrainingState.encoderPrefix, path: encoderPath(of: weights))
      let classifier = WeightFile(
        weights: weights, prefix: "\(Configuration.classifierName).", path: classifierPath(of: weights))
      return configuration.isClassifying ? [encoder, classifier] : [encoder]
    }
  }
}
