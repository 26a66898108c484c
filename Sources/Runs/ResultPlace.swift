import Formats

/// The place of a stage's result in a run directory.
///
/// A result on other data than the run's, on other test images than the result that is there, or of an earlier
/// checkpoint has a folder of its own, such as `linear-flowers` or `evaluation-step-1200`; one on further data whose
/// folder has the same name is numbered (`linear-flowers-2`).
package struct ResultPlace: Sendable {
  /// The fields of a result's `summary.json` that identify its data.
  package let identity: [String: JSONValue]

  /// The end of folder names for the weights and the split.
  private let suffix: String
  /// The name of the data in that of a folder of their own; `nil` for none.
  private let dataName: String?
  /// True for data other than the run's.
  private let isOther: Bool
  /// The step of an earlier checkpoint; `nil` for the latest.
  private let step: Int?

  /// Creates the place of results.
  ///
  /// - Parameters:
  ///   - weights: The weights that are measured.
  ///   - isValidation: True if they are measured on validation images.
  ///   - dataName: The name of the data in that of a folder of their own.
  ///   - isOther: True for data other than the run's.
  ///   - step: The step of an earlier checkpoint; `nil` for the latest.
  ///   - identity: The fields of ``identity(dataset:fingerprint:contents:testFingerprint:testContents:)``.
  package init(
    _ weights: RunWeights, isValidation: Bool = false, dataName: String, isOther: Bool, step: Int?,
    identity: [String: JSONValue]
  ) {
    suffix = weights.suffix + (isValidation ? "-validation" : "")
    (self.dataName, self.isOther, self.step, self.identity) = (dataName, isOther, step, identity)
  }

  /// Creates the place of results on the run's own data, whatever its images are now.
  package init(_ weights: RunWeights, isValidation: Bool = false, step: Int? = nil) {
    suffix = weights.suffix + (isValidation ? "-validation" : "")
    (dataName, isOther, self.step, identity) = (nil, false, step, [:])
  }

  /// Returns the fields that identify data.
  ///
  /// - Parameters:
  ///   - dataset: The value of `--dataset`.
  ///   - fingerprint: The hash of file and class names of the training images; `nil` for datasets whose files have
  ///     fixed names.
  ///   - contents: The fingerprint of the bytes of the training files, with their times; `nil` if there is none.
  ///   - testFingerprint: The hash of the names of the images on which the result is measured.
  ///   - testContents: The fingerprint of their bytes.
  /// - Returns: The fields.
  package static func identity(
    dataset: String, fingerprint: String?, contents: String?, testFingerprint: String?, testContents: String?
  ) -> [String: JSONValue] {
    // Sizes and bytes; copies have other times.
    func bytes(_ contents: String?) -> JSONValue {
      let parts = contents?.split(separator: "-") ?? []
      return parts.count == 4 ? .text("\(parts[0])-\(parts[2])") : .null
    }
    return [
      "dataset": .text(dataset), "dataset_fingerprint": fingerprint.map(JSONValue.text) ?? .null,
      "dataset_contents": bytes(contents), "test_fingerprint": testFingerprint.map(JSONValue.text) ?? .null,
      "test_contents": bytes(testContents),
    ]
  }

  /// Returns the name of the folder for the run's own data and latest checkpoint.
  package func ownFolder(of stage: String) -> String { stage + suffix }

  /// Returns the name of the folder that has, or will have, the result of a stage; on rank 0.
  package func folder(of stage: String, in run: RunDirectory) -> String {
    let name = wantedFolder(of: stage)
    var (folder, number) = (name, 1)
    if !isOther, let dataName, isOfOtherData("\(run.path)/\(folder)/summary.json") {
      folder = folderName(of: stage, dataName)
    }
    while isOfOtherData("\(run.path)/\(folder)/summary.json") {
      number += 1
      folder = "\(folderName(of: stage, dataName))-\(number)"
    }
    return folder
  }

  /// Returns the name of the folder if no result on further data has it already.
  package func wantedFolder(of stage: String) -> String {
    folderName(of: stage, isOther ? dataName : nil)
  }

  private func folderName(of stage: String, _ dataName: String?) -> String {
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
