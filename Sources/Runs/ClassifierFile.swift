import Formats

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
  /// - Returns: The names of the folders.
  package static func folders(of weights: RunWeights, step: Int) -> [String] {
    [false, true].flatMap { isValidation in
      [nil, step].map { step in
        ResultPlace(weights, isValidation: isValidation, step: step)
          .wantedFolder(of: folder)
      }
    }
  }

  /// Returns the same folders and that of a classifier on other data if it is clear which; on rank 0.
  ///
  /// It is the last one on the run's own images as they were changed after training, or the only one.
  package static func folders(of weights: RunWeights, step: Int, in run: RunDirectory) -> [String] {
    let own = folders(of: weights, step: step)
    let averaged = folder + RunWeights.average.suffix
    let others = FolderNames.all(in: run.path).filter { name in
      name.hasPrefix(folder + weights.suffix + "-") && (weights == .average || !name.hasPrefix(averaged))
        && !own.contains(name)
    }.sorted().compactMap { name -> (name: String, fields: [String: JSONValue])? in
      guard let fields = JSONValue.fields(ofFile: "\(run.path)/\(name)/summary.json"),
        fields["pretraining_steps"] == .integer(step)
      else { return nil }
      return (name, fields)
    }
    func time(_ fields: [String: JSONValue]) -> String { fields["ended"]?.string ?? "" }
    let data = (try? run.configuration())?.data.path.map(JSONValue.text)
    let changed = others.filter { other in data != nil && other.fields["data"] == data }
    let last = changed.max { one, other in time(one.fields) < time(other.fields) }
    return own + [last ?? (others.count == 1 ? others[0] : nil)].compactMap { other in other?.name }
  }

  /// Returns the command, as words of a shell, that trains a classifier for the given weights of an encoder.
  ///
  /// - Parameters:
  ///   - run: The run directory.
  ///   - data: The folder of the dataset; `nil` for the one that the run was trained on.
  ///   - checkpoint: The checkpoint; `nil` for the latest.
  ///   - weights: The weights of the encoder.
  /// - Returns: The command, such as `supcon linear runs/c10 --weights-of average`.
  package static func trainingCommand(
    run: String, data: String? = nil, checkpoint: String? = nil, weights: RunWeights = .raw
  ) -> String {
    let words: [String?] = [
      "supcon linear \(run.shellQuoted)", data.map { data in "--data \(data.shellQuoted)" },
      checkpoint.map { checkpoint in "--checkpoint \(checkpoint)" },
      weights == .raw ? nil : "--weights-of \(weights.rawValue)",
    ]
    return words.compactMap { word in word }.joined(separator: " ")
  }

  /// The metadata key for the number of pretraining steps of the encoder with which the classifier was trained.
  package static let stepMetadata = "pretraining_steps"
  /// The name of the tensor with the mean of each feature, which is subtracted from the feature.
  package static let meanName = "standardization.mean"
  /// The name of the tensor with the factor by which each centered feature is multiplied.
  package static let factorName = "standardization.factor"
}
