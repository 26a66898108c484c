import Datasets
import Formats
import Runs

/// The results of `supcon linear` and `supcon evaluate` in a run directory, measured on one split.
package struct StageResults: Sendable {
  /// The images that were classified, test or validation.
  package let split: Split
  /// The fields of `linear/summary.json` and `evaluation/summary.json`, or of the folders of the validation images;
  /// empty if they were measured with other weights than the run's present ones.
  private(set) var linear: [String: JSONValue] = [:]
  private(set) var evaluation: [String: JSONValue] = [:]
  /// The fields of `evaluation-pixels/summary.json`, the control, which depends on no weights.
  private(set) var pixels: [String: JSONValue] = [:]
  /// The fields of `evaluation-average/summary.json` and `linear-average/summary.json`, of the averaged weights.
  private(set) var averaged: [String: JSONValue] = [:]
  /// Sentences about results that are left out, and about results that cannot be compared.
  private(set) var notes: [String] = []

  /// Takes a split's results from those stored in a run, by folder; `summary` has the fields of its `summary.json`.
  init(_ stored: [String: [String: JSONValue]], of run: String, on split: Split, summary: [String: JSONValue]) {
    self.split = split
    let place = ResultPlace(.raw, isValidation: split == .validation)
    let option = split == .validation ? " --split validation" : ""
    let folders = (linear: place.ownFolder(of: "linear"), evaluation: place.ownFolder(of: "evaluation"))
    let commands = (
      linear: "supcon linear \(run.shellQuoted)\(option)", evaluation: "supcon evaluate \(run.shellQuoted)\(option)"
    )
    linear = present(stored[folders.linear], "\(run)/\(folders.linear)", commands.linear, of: summary)
    evaluation = present(
      stored[folders.evaluation], "\(run)/\(folders.evaluation)", commands.evaluation, of: summary)
    pixels = stored[place.ownFolder(of: "evaluation-pixels")] ?? [:]
    let averagePlace = ResultPlace(.average, isValidation: split == .validation)
    for (stage, command) in [("evaluation", commands.evaluation), ("linear", commands.linear)] {
      let folder = averagePlace.ownFolder(of: stage)
      let found = present(
        stored[folder], "\(run)/\(folder)", "\(command) --weights-of average", of: summary,
        hash: "average_weights_sha256")
      averaged.merge(found) { _, new in new }
    }
    if ResultPlace.haveOtherTests(linear, evaluation) {
      notes.append(
        "\(run)/\(folders.linear), \(folders.evaluation): were measured on different \(split.title) images, so that their accuracies cannot be compared; \(commands.linear) and \(commands.evaluation) measure both on the present ones"
      )
    }
  }

  /// Returns the fields of a stage that measured the present weights; of other weights there are none, with a note.
  private mutating func present(
    _ fields: [String: JSONValue]?, _ folder: String, _ command: String, of summary: [String: JSONValue],
    hash: String = "weights_sha256"
  ) -> [String: JSONValue] {
    let fields = fields ?? [:]
    guard let own = summary[hash], let measured = fields["weights_sha256"], own != measured else {
      return fields
    }
    let step = fields["pretraining_steps"]?.double.map { step in " of step \(Int(step))" } ?? ""
    notes.append("\(folder): is\(step), and the run was trained on: left out; \(command) measures the present weights")
    return [:]
  }

  /// The measures by field name.
  var measures: [String: Double] {
    var measures = evaluation.compactMapValues(\.double)
    measures.merge(pixels.filter { name, _ in RunRecord.isAccuracy(name) }.compactMapValues(\.double)) { _, new in new }
    measures.merge(linear.filter { name, _ in name.hasPrefix("linear_") }.compactMapValues(\.double)) { _, new in new }
    for name in ["linear_top1", "linear_top5", "knn_top1"] {
      measures[ResultNames.averagePrefix + name] = averaged[name]?.double
    }
    for name in ["neighbors", "test_samples", "train_samples", "pretraining_steps"] { measures[name] = nil }
    return NeighborCount.omitting(among: evaluation["train_samples"]?.double, of: measures)
  }
}

/// The number of neighbors, k, of accuracies of k-NN.
enum NeighborCount {
  /// The k of weighted k-NN, by field name.
  private static let weighted = ["knn20_weighted_top1": 20.0, "knn200_weighted_top1": 200]
  /// The fields of majority votes, whose k is stored beside them.
  private static let majority = ["knn_top1", "pixel_knn_top1", ResultNames.averagePrefix + "knn_top1"]

  /// Returns measures without the votes of more neighbors than there are images to vote: all of them would vote, and
  /// the title would be wrong.
  static func omitting(among count: Double?, of measures: [String: Double]) -> [String: Double] {
    guard let count else { return measures }
    return measures.filter { field, _ in (weighted[ResultNames.plain(field)] ?? 0) <= count }
  }

  /// Returns measures in which the fields of majority votes with a prefix name their k, such as `knn20_top1`, where the
  /// `summary.json` of an evaluation, or of the run, has it with the same accuracy.
  static func naming(_ measures: [String: Double], by stored: [String: JSONValue], prefix: String) -> [String: Double] {
    var named = measures
    for field in majority {
      guard case .integer(let k) = stored["neighbors"] ?? stored[RunStatus.neighborsField(of: field)],
        let accuracy = named[prefix + field], accuracy == stored[field]?.double
      else { continue }
      named[prefix + field] = nil
      named["\(prefix)\(field.dropLast("_top1".count))\(k)_top1"] = accuracy
    }
    return named
  }
}
