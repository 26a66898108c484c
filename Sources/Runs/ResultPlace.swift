import Formats

/// The place of a stage's result in a run directory.
///
/// A result on other data than the run's, or of an earlier checkpoint, has a folder of its own, such as
/// `linear-flowers` or `evaluation-step-1200`; one on further data whose folder has the same name is numbered
/// (`linear-flowers-2`).
package struct ResultPlace: Sendable {
  /// The fields of a result's `summary.json` that identify its data.
  package let identity: [String: JSONValue]

  /// The end of folder names for the weights and the split.
  private let suffix: String
  /// The name of data other than the run's; `nil` for the run's own.
  private let dataName: String?
  /// The step of an earlier checkpoint; `nil` for the latest.
  private let step: Int?

  /// Creates the place of results.
  ///
  /// - Parameters:
  ///   - weights: The weights that are measured.
  ///   - isValidation: True if they are measured on validation images.
  ///   - dataName: The name of data other than the run's; `nil` for the run's own.
  ///   - step: The step of an earlier checkpoint; `nil` for the latest.
  ///   - identity: The fields of ``identity(dataset:fingerprint:contents:)``.
  package init(
    _ weights: RunWeights, isValidation: Bool = false, dataName: String?, step: Int?, identity: [String: JSONValue]
  ) {
    suffix = weights.suffix + (isValidation ? "-validation" : "")
    (self.dataName, self.step, self.identity) = (dataName, step, identity)
  }

  /// Returns the fields that identify data.
  ///
  /// - Parameters:
  ///   - dataset: The value of `--dataset`.
  ///   - fingerprint: The hash of file and class names; `nil` for datasets whose files have fixed names.
  ///   - contents: The fingerprint of the files' bytes, with their times; `nil` if there is none.
  /// - Returns: The fields.
  package static func identity(dataset: String, fingerprint: String?, contents: String?) -> [String: JSONValue] {
    let parts = contents?.split(separator: "-") ?? []
    return [
      "dataset": .text(dataset), "dataset_fingerprint": fingerprint.map(JSONValue.text) ?? .null,
      // Sizes and bytes; copies have other times.
      "dataset_contents": parts.count == 4 ? .text("\(parts[0])-\(parts[2])") : .null,
    ]
  }

  /// Returns the name of the folder for the run's own data and latest checkpoint.
  package func ownFolder(of stage: String) -> String { stage + suffix }

  /// Returns the name of the folder that has, or will have, the result of a stage; on rank 0.
  package func folder(of stage: String, in run: RunDirectory) -> String {
    let name = wantedFolder(of: stage)
    guard dataName != nil else { return name }
    var (folder, number) = (name, 1)
    while isOfOtherData("\(run.path)/\(folder)/summary.json") {
      number += 1
      folder = "\(name)-\(number)"
    }
    return folder
  }

  /// Returns the name of the folder if no result on further data has it already.
  package func wantedFolder(of stage: String) -> String {
    ownFolder(of: stage) + (dataName.map { name in "-\(name)" } ?? "") + (step.map { step in "-step-\(step)" } ?? "")
  }

  /// Returns true if a result's `summary.json` says that it was measured on other data; fields that it lacks, as of
  /// earlier versions, say nothing.
  private func isOfOtherData(_ path: String) -> Bool {
    guard let fields = JSONValue.fields(ofFile: path) else { return false }
    return identity.contains { name, value in
      let recorded = fields[name] ?? .null
      return recorded != .null && value != .null && recorded != value
    }
  }
}
