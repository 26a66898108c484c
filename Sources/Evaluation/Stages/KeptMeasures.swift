import Formats
import Inference
import Runs

/// The results of options such as `--ood-dataset` in the file of an earlier evaluation, which one without these options
/// does not replace.
///
/// They are kept if they were measured on the same images with the same weights and, those of a classifier, with the
/// same classifier.
struct KeptMeasures {
  /// An option and the fields of its results.
  private struct Measure {
    let option: String
    /// The beginning of the names of its fields; a field belongs to the first measure in the list that it begins like.
    let prefix: String
    let isOfClassifier: Bool
  }

  /// The field with the hash of the measured classifier.
  static let classifierField = "classifier_sha256"

  private static let measures = [
    Measure(option: "--ood-dataset", prefix: "ood_", isOfClassifier: false),
    Measure(option: "--tta mirror", prefix: "mirror_", isOfClassifier: true),
    Measure(option: "--corruptions made-here", prefix: "corruption_made_here_", isOfClassifier: true),
    Measure(option: "--corruptions", prefix: "corruption_", isOfClassifier: true),
  ]

  /// The fields of the results that are kept.
  private(set) var fields: [String: JSONValue] = [:]
  private var kept: [String] = []
  private var lost: [String] = []

  /// Finds the results that can be kept.
  ///
  /// - Parameters:
  ///   - earlier: The fields of the earlier evaluation's `summary.json`; empty if there is none.
  ///   - new: The fields of the present evaluation.
  ///   - isOfSameImages: True if both were measured on the same images.
  init(of earlier: [String: JSONValue], beside new: [String: JSONValue], isOfSameImages: Bool) {
    func agree(_ names: [String]) -> Bool {
      names.allSatisfy { name in earlier[name] != nil && earlier[name] == new[name] }
    }
    let isOfSameEncoder = isOfSameImages && agree(["weights_sha256", "train_samples", "test_samples"])
    let isOfSameClassifier = isOfSameEncoder && agree([Self.classifierField])
    for measure in Self.measures {
      let found = earlier.filter { name, _ in Self.prefix(of: name) == measure.prefix }
      guard !found.isEmpty, !new.keys.contains(where: { name in Self.prefix(of: name) == measure.prefix }) else {
        continue
      }
      if measure.isOfClassifier ? isOfSameClassifier : isOfSameEncoder {
        fields.merge(found) { own, _ in own }
        kept.append(measure.option)
      } else {
        lost.append(measure.option)
      }
    }
  }

  /// Returns the prefix of the option to whose results a field belongs; `nil` if every evaluation has the field.
  private static func prefix(of field: String) -> String? {
    measures.first { measure in field.hasPrefix(measure.prefix) }?.prefix
  }

  /// The notes on what is kept and what is not, for a result in `folder`.
  func notes(_ folder: String) -> [String] {
    var notes: [String] = []
    if !kept.isEmpty {
      notes.append(
        "\(folder): the earlier results of \(kept.joined(separator: ", ")) are of the same weights and images, and are kept"
      )
    }
    if !lost.isEmpty {
      notes.append(
        "\(folder): the earlier results of \(lost.joined(separator: ", ")) are of other weights, another classifier or other images, and are left out; give the option again to measure them"
      )
    }
    return notes
  }
}

extension RunClassifier {
  /// The SHA-256 of weight and bias, in hexadecimal digits.
  var sha256: String {
    let digest = SHA256()
    unsafe digest.update(weight.span.bytes)
    unsafe digest.update(bias.span.bytes)
    return SHA256.hexadecimal(digest.finalize())
  }
}
