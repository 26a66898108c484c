import Configuration
import Datasets
import Formats
import Glibc
import Runs

/// The records of a run, read from its directory without writing to it; also possible during training.
package struct RunRecord: Sendable {
  let path: String
  /// The name in the report: the last component of the run directory's path, or several of them
  /// (``distinctlyNamed(_:)``).
  private(set) var name: String
  let configuration: Configuration
  /// The text of `config.yaml`.
  let configurationText: String
  /// The fields of `summary.json`; empty if the file does not exist yet, or is broken.
  let summary: [String: JSONValue]
  let rows: [MetricRow]
  /// The fields of `linear/summary.json` and `evaluation/summary.json`, or of `linear-validation` and
  /// `evaluation-validation`; empty if they were measured with other weights than the run's present ones.
  let linear: [String: JSONValue]
  let evaluation: [String: JSONValue]
  /// Sentences about results that are left out, because the run was trained on after them or their file is broken.
  let notes: [String]
  /// The process that is currently training the run, as text; `nil` if there is none.
  let trainer: String?

  /// Reads a run directory.
  ///
  /// - Parameters:
  ///   - path: The run directory.
  ///   - split: The images, test or validation, on which later commands measured the run.
  /// - Throws: ``RunError`` if the directory does not contain a run.
  package init(path: String, split: Split = .test) throws {
    let directory = RunDirectory(path: path)
    try directory.checkHoldsRun()
    self.path = path
    name = Self.names(ofPaths: [path])[0]
    configuration = try directory.configuration()
    configurationText = Self.text(ofFile: directory.configurationPath) ?? configuration.yaml()
    rows = MetricRow.rows(ofFile: directory.metricsPath)
    let place = ResultPlace(.raw, isValidation: split == .validation)
    var notes: [String] = []
    func storedFields(_ file: String) -> [String: JSONValue] {
      if let fields = JSONValue.fields(ofFile: file) { return fields }
      if unsafe access(file, F_OK) == 0 { notes.append("\(file): is not an object of JSON, and is left out") }
      return [:]
    }
    let summary = storedFields(directory.summaryPath)
    self.summary = summary
    func results(of stage: String, _ command: String, _ summary: [String: JSONValue]) -> [String: JSONValue] {
      let folder = "\(path)/\(place.ownFolder(of: stage))"
      let fields = storedFields("\(folder)/summary.json")
      guard let own = summary["weights_sha256"], let measured = fields["weights_sha256"], own != measured else {
        return fields
      }
      let step = fields["pretraining_steps"]?.double.map { step in " of step \(Int(step))" } ?? ""
      notes.append(
        "\(folder): is\(step), and the run was trained on: left out; \(command) measures the present weights")
      return [:]
    }
    let split = split == .validation ? " --split validation" : ""
    linear = results(of: "linear", "supcon linear \(path.shellQuoted)\(split)", summary)
    evaluation = results(of: "evaluation", "supcon evaluate \(path.shellQuoted)\(split)", summary)
    self.notes = notes
    trainer = RunLock.holder(ofDirectory: path)
  }

  private static func text(ofFile path: String) -> String? {
    guard let file = try? ReadOnlyFile(path: path), let bytes = try? file.read(file.byteCount, at: 0) else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns the records with names by which they differ.
  static func distinctlyNamed(_ records: [RunRecord]) -> [RunRecord] {
    zip(records, names(ofPaths: records.map(\.path))).map { record, name -> RunRecord in
      var record = record
      record.name = name
      return record
    }
  }

  /// Returns the last components of paths, as many of each as make it differ from the others.
  package static func names(ofPaths paths: [String]) -> [String] {
    let components = paths.map { path in path.split(separator: "/").filter { part in part != "." } }
    var lengths = [Int](repeating: 1, count: paths.count)
    while true {
      let names = paths.indices.map { index -> String in
        let name = components[index].suffix(lengths[index]).joined(separator: "/")
        return name.isEmpty ? paths[index] : name
      }
      let repeated = names.indices.filter { index in names.count { name in name == names[index] } > 1 }
      let extensible = repeated.filter { index in lengths[index] < components[index].count }
      guard !extensible.isEmpty else {
        // Only different spellings of one path are left.
        return names.indices.map { index in repeated.contains(index) ? paths[index] : names[index] }
      }
      for index in extensible { lengths[index] += 1 }
    }
  }

  /// The number of training steps taken.
  var steps: Int { max(summary["steps"]?.double.map { steps in Int(steps) } ?? 0, rows.last?.step ?? 0) }

  /// The number of epochs trained, with a fraction.
  var epochs: Double { max(summary["epochs"]?.double ?? 0, rows.last?.epoch ?? 0) }

  /// The state of the run in one sentence.
  package var status: String {
    let target = summary["target_epochs"]?.double ?? Double(configuration.schedule.epochs)
    let done = "\(short(epochs)) of \(short(target)) epochs, \(counted(steps, "step"))"
    if let trainer {
      return "Still training (\(trainer)): \(done) so far. Figures are those of this moment."
    }
    switch summary["status"]?.string {
    case "finished": return "Finished: \(done)."
    case "running":
      return "Ended without a last word (its process was killed): \(done). It can be continued with --resume."
    case "diverged":
      return
        "Stopped at a loss or gradient that is not finite: \(done). It cannot go on from here; begin a new run."
    case "stopped": return "Stopped: \(done). It can be continued with --resume."
    default:
      return epochs >= target - 1e-9
        ? "Finished: \(done)." : "Not finished: \(done). It can be continued with --resume."
    }
  }

  /// Returns the values of a field as points (epoch, value), one for each record that contains the field.
  func points(_ field: String) -> [(x: Double, y: Double)] {
    rows.compactMap { row in row.values[field].map { value in (row.epoch, value) } }
  }

  /// Returns the values of a field as points (epoch, value): of the logged steps, or of the epochs if these are more.
  func stepPoints(_ field: String) -> [(x: Double, y: Double)] {
    func points(_ isStep: Bool) -> [(x: Double, y: Double)] {
      rows.filter { row in row.parts.isEmpty != isStep }.compactMap { row in
        row.values[field].map { value in (row.epoch, value) }
      }
    }
    let (steps, others) = (points(true), points(false))
    return steps.count >= others.count ? steps : others
  }

  /// The results of the run and of commands after training, such as accuracies, by field name.
  package var results: [String: Double] {
    var results = summary.filter { name, _ in Self.isAccuracy(name) }.compactMapValues(\.double)
    results.merge(evaluation.compactMapValues(\.double)) { _, new in new }
    results.merge(linear.filter { name, _ in name.hasPrefix("linear_") }.compactMapValues(\.double)) { _, new in new }
    // Of fewer training images than neighbors, all of them vote, and the title would be wrong.
    if let count = evaluation["train_samples"]?.double, count < 200 { results["knn200_weighted_top1"] = nil }
    for name in ["neighbors", "test_samples", "train_samples", "pretraining_steps"] { results[name] = nil }
    // Five guesses among so few classes say nothing.
    if case .list(let classes) = summary["class_names"], classes.count <= 5 {
      results = results.filter { name, _ in !name.contains("top5") }
    }
    return results
  }

  /// Returns true for fields that are fractions of correct predictions; the fields of their numbers end in `_correct`.
  static func isAccuracy(_ field: String) -> Bool {
    (field.contains("top1") || field.contains("top5")) && !field.hasSuffix("_correct")
  }
}
