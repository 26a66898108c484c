/// The images on which the results in a run directory were measured, as far as its files tell.
///
/// Without test images, commands measure on validation images in the folders of test images, and say so in the field
/// `split` of their `summary.json`, and training in `test_split`.
package struct RecordedSplits: Sendable {
  /// The prefix of the fields of validation images beside those of test images.
  package static let validationPrefix = "validation_"

  private static let validation = JSONValue.text("validation")
  private static let testSplitField = "test_split"

  /// The folders whose results are of validation images.
  private let folders: Set<String>
  /// True if training tested its classifier on validation images.
  private let isTestOfValidation: Bool

  /// Creates the splits of the results of a run.
  ///
  /// - Parameters:
  ///   - stored: The fields of each result's `summary.json`, by the name of the folder.
  ///   - summary: The fields of the run's own `summary.json`.
  package init(of stored: [String: [String: JSONValue]], summary: [String: JSONValue]) {
    isTestOfValidation = summary[Self.testSplitField] == Self.validation
    folders = Set(stored.filter { _, fields in fields["split"] == Self.validation }.keys)
  }

  /// Returns true if the result in a field of the run's `summary.json`, or of a folder of test images, was measured on
  /// validation images.
  package func isOfValidation(_ field: String) -> Bool {
    let average = RunWeights.average.fieldPrefix
    let weights: RunWeights = field.hasPrefix(average) ? .average : .raw
    let plain = weights == .average ? String(field.dropFirst(average.count)) : field
    // The names of some fields say it, and training images are no test images.
    if plain.hasPrefix(Self.validationPrefix) || plain.hasPrefix("train_") { return false }
    if plain.hasPrefix("test_top") { return isTestOfValidation }
    let stage =
      plain.hasPrefix("linear_top") ? "linear" : plain.hasPrefix("pixel_") ? "evaluation-pixels" : "evaluation"
    return folders.contains(ResultPlace(weights).ownFolder(of: stage))
  }

  /// Returns the name of a field for its value on validation images, such as `validation_linear_top1` and
  /// `average_validation_linear_top1`.
  package static func validationName(_ field: String) -> String {
    let average = RunWeights.average.fieldPrefix
    guard field.hasPrefix(average) else { return validationPrefix + field }
    return "\(average)\(validationPrefix)\(field.dropFirst(average.count))"
  }

  /// Returns the numbers of a record of `metrics.jsonl` with the fields of a test on validation images named as such.
  package static func named(_ values: [String: Double], of record: [String: JSONValue]) -> [String: Double] {
    guard record[testSplitField] == validation else { return values }
    let renamed = values.map { name, value in (name.contains("test_top") ? validationName(name) : name, value) }
    return Dictionary(renamed) { own, _ in own }
  }
}
