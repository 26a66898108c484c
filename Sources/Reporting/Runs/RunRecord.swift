import Configuration
import Datasets
import Formats
import Runs

/// The records of a run, read from its directory without writing to it; also possible during training.
package struct RunRecord: Sendable {
  let path: String
  /// The name in the report: the last component of the run directory's path, or several of them
  /// (``distinctlyNamed(_:)``).
  private(set) var name: String
  let configuration: Configuration
  /// The fields of `summary.json`; empty if the file does not exist yet, or is broken.
  let summary: [String: JSONValue]
  let rows: [MetricRow]
  /// The results of commands after training: those on test images, or those on validation images alone.
  package let measured: StageResults
  /// The results on validation images beside ``measured``; `nil` if those are the measured ones.
  let validation: StageResults?
  /// The images of the results that were measured by default.
  let splits: RecordedSplits
  /// Sentences about results that are left out, because the run was trained on after them or their file is broken, and
  /// about results that cannot be compared.
  let notes: [String]
  /// The process that is currently training the run, as text; `nil` if there is none.
  let trainer: String?

  /// Reads a run directory.
  ///
  /// - Parameters:
  ///   - path: The run directory.
  ///   - split: The images of ``measured``, test or validation.
  ///   - configuration: The options of the run if they were read already.
  /// - Throws: ``RunError`` if the directory does not contain a run.
  package init(path: String, split: Split = .test, configuration: Configuration? = nil) throws {
    let directory = RunDirectory(path: path)
    try directory.checkHoldsRun()
    self.path = path
    name = RunDirectory.names(ofPaths: [path])[0]
    self.configuration = try configuration ?? directory.configuration()
    var notes: [String] = []
    rows = Self.text(ofFile: directory.metricsPath, notes: &notes).map(MetricRow.rows(ofText:)) ?? []
    summary = Self.storedFields(directory.summaryPath, notes: &notes)
    let stored = Dictionary(
      uniqueKeysWithValues: ResultPlace.ownFolders.map { folder in
        (folder, Self.storedFields("\(path)/\(folder)/summary.json", notes: &notes))
      })
    measured = StageResults(stored, of: path, on: split, summary: summary)
    validation = split == .test ? StageResults(stored, of: path, on: .validation, summary: summary) : nil
    splits = RecordedSplits(of: stored, summary: summary)
    self.notes = notes + measured.notes + (validation?.notes ?? [])
    trainer = RunLock.holder(ofDirectory: path)
  }

  /// Reads the fields of a `summary.json`; none, with a note, if the file is broken or cannot be read, and none if it
  /// does not exist.
  private static func storedFields(_ file: String, notes: inout [String]) -> [String: JSONValue] {
    guard let text = text(ofFile: file, notes: &notes) else { return [:] }
    guard case .object(let fields) = JSONValue(parsing: text) else {
      notes.append("\(file): is not an object of JSON, and is left out")
      return [:]
    }
    return fields
  }

  /// Reads a file of a run; `nil`, with a note, if it cannot be read, and `nil` if there is no file.
  private static func text(ofFile file: String, notes: inout [String]) -> String? {
    do throws(FileError) {
      return try ReadOnlyFile.text(ofFile: file)
    } catch {
      if error.kind != .missing { notes.append("\(error.description); it is left out") }
      return nil
    }
  }

  /// Returns the records with names by which they differ.
  static func distinctlyNamed(_ records: [RunRecord]) -> [RunRecord] {
    zip(records, RunDirectory.names(ofPaths: records.map(\.path))).map { record, name -> RunRecord in
      var record = record
      record.name = name
      return record
    }
  }

  /// The number of training steps taken.
  var steps: Int { max(summary["steps"]?.double.map { steps in Int(steps) } ?? 0, rows.last?.step ?? 0) }

  /// The number of epochs trained, with a fraction.
  var epochs: Double { max(summary["epochs"]?.double ?? 0, rows.last?.epoch ?? 0) }

  /// True if the weights are those of `supcon import`, which were not trained here.
  var isImported: Bool { summary["command"]?.string == "import" }

  /// The state of the run in one sentence.
  package var status: String {
    if isImported {
      let file = summary["weights"]?.string ?? "a file"
      let layout = summary["layout"]?.string.map { layout in " of the layout \(layout)" } ?? ""
      return "Imported from \(file)\(layout): the weights were trained elsewhere, and how is not known here."
    }
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
}
