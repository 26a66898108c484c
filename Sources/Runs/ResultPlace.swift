import Formats

/// The place of a stage's result in a run directory.
///
/// A result on other images than the run's, or of an earlier checkpoint, has a folder of its own, such as
/// `linear-flowers` or `evaluation-step-1200`; one on further data whose folder has the same name is numbered
/// (`linear-flowers-2`).
package struct ResultPlace: Sendable {
  /// The images on which a result is measured, compared with those of the run.
  package enum Images: Sendable, Equatable {
    /// Those of the run.
    case own
    /// The run's training images, but other ones to test on, of data with a name.
    case ownWithOtherTest(name: String)
    /// Those of other data with a name.
    case other(name: String)
  }

  /// The fields of a result's `summary.json` that identify its images.
  package let identity: [String: JSONValue]

  private let images: Images
  /// The end of folder names for the weights and the split.
  private let suffix: String
  /// The step of an earlier checkpoint; `nil` for the latest.
  private let step: Int?

  /// Creates the place of results.
  ///
  /// - Parameters:
  ///   - weights: The weights that are measured.
  ///   - isValidation: True if they are measured on validation images.
  ///   - images: The images.
  ///   - step: The step of an earlier checkpoint; `nil` for the latest.
  ///   - identity: The fields of ``identity(dataset:fingerprint:contents:testFingerprint:testContents:)``.
  package init(
    _ weights: RunWeights, isValidation: Bool = false, of images: Images = .own, step: Int? = nil,
    identity: [String: JSONValue] = [:]
  ) {
    suffix = weights.suffix + (isValidation ? "-validation" : "")
    (self.images, self.step, self.identity) = (images, step, identity)
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
    func bytes(_ contents: String?) -> JSONValue {
      contents.flatMap(ContentsFingerprint.init(text:)).map { contents in JSONValue.text(contents.identityText) }
        ?? .null
    }
    return [
      "dataset": .text(dataset), "dataset_fingerprint": fingerprint.map(JSONValue.text) ?? .null,
      "dataset_contents": bytes(contents), "test_fingerprint": testFingerprint.map(JSONValue.text) ?? .null,
      "test_contents": bytes(testContents),
    ]
  }

  /// Returns the name of the folder for the run's own images and latest checkpoint.
  package func ownFolder(of stage: String) -> String { stage + suffix }

  /// The names of the folders of all stages, weights and splits for the run's own images and latest checkpoint.
  package static let ownFolders: [String] = RunWeights.allCases.flatMap { weights in
    [false, true].flatMap { isValidation in
      ["linear", "evaluation", "evaluation-pixels"].map { stage in
        ResultPlace(weights, isValidation: isValidation).ownFolder(of: stage)
      }
    }
  }

  /// Returns the name of the folder that has, or will have, the result of a stage; on rank 0.
  package func folder(of stage: String, in run: RunDirectory) -> String {
    numberedFolder(of: stage, in: run) { path in isOfOtherImages(path) }
  }

  /// Returns the folders in which a classifier of these training images may lie, the best first; on rank 0.
  package func classifierFolders(in run: RunDirectory) -> [String] {
    let own = Self.named(ownFolder(of: ClassifierFile.folder), nil, step)
    // A classifier depends on no image that it is tested on.
    let named = numberedFolder(of: ClassifierFile.folder, in: run) { path in
      isOfOtherImages(path, comparing: Self.trainingFields)
    }
    return switch images {
    case .own: [own]
    case .ownWithOtherTest: [own, named]
    case .other: [named]
    }
  }

  /// Returns the name of the folder if no result on further data has it already.
  package func wantedFolder(of stage: String) -> String {
    let name: String? =
      switch images {
      case .own: nil
      case .ownWithOtherTest(let name), .other(let name): name
      }
    return Self.named(ownFolder(of: stage), name, step)
  }

  private static func named(_ folder: String, _ name: String?, _ step: Int?) -> String {
    folder + (name.map { name in "-\(name)" } ?? "") + (step.map { step in "-step-\(step)" } ?? "")
  }

  private func numberedFolder(
    of stage: String, in run: RunDirectory, isTaken: (_ summary: String) -> Bool
  ) -> String {
    let name = wantedFolder(of: stage)
    // The run's own images may have changed; their newest measure has the plain name.
    guard images != .own else { return name }
    var (folder, number) = (name, 1)
    while isTaken("\(run.path)/\(folder)/summary.json") {
      number += 1
      folder = "\(name)-\(number)"
    }
    return folder
  }

  private static let trainingFields: Set<String> = ["dataset", "dataset_fingerprint", "dataset_contents"]
  private static let testFields: Set<String> = ["test_fingerprint", "test_contents"]

  /// Returns true if a result's `summary.json` says that it was measured on other images, by some fields or by all.
  package func isOfOtherImages(_ path: String, comparing names: Set<String>? = nil) -> Bool {
    guard let fields = JSONValue.fields(ofFile: path) else { return false }
    return Self.differ(identity, fields, in: names)
  }

  /// Returns true if two identities are of other images to test on.
  package static func haveOtherTests(_ one: [String: JSONValue], _ other: [String: JSONValue]) -> Bool {
    differ(one, other, in: testFields)
  }

  /// Returns true if two identities are of other images, by some fields or by all; fields that one of them lacks, as of
  /// earlier versions, say nothing.
  package static func differ(
    _ one: [String: JSONValue], _ other: [String: JSONValue], in names: Set<String>? = nil
  ) -> Bool {
    (names ?? trainingFields.union(testFields)).contains { name in
      let (own, recorded) = (one[name] ?? .null, other[name] ?? .null)
      return own != .null && recorded != .null && own != recorded
    }
  }
}
