import Configuration
import Formats
import Measures
import Runs

/// The table and the box plots of a sweep's results.
package struct SweepReport {
  /// One run of the sweep.
  package struct Entry: Sendable {
    /// The name of the run directory.
    package let name: String
    /// The values of the options in which runs differ, by option name.
    let values: [String: String]
    /// The records of the run; `nil` if its directory does not exist yet.
    let record: RunRecord?
    /// An option with which the run was begun otherwise than the sweep file has it, such as `epochs 2, not 4`; `nil` if
    /// there is none.
    let difference: String?

    /// Creates the entry of one run.
    package init(name: String, values: [String: String], record: RunRecord?, difference: String? = nil) {
      (self.name, self.values, self.record, self.difference) = (name, values, record, difference)
    }

    /// The records of a run that is compared: a finished one with the options of the sweep file; else `nil`.
    package var comparedRecord: RunRecord? { difference == nil && state == "finished" ? record : nil }

    /// The state of the run, and what it was begun with otherwise than the sweep file has it.
    fileprivate var state: String {
      guard let record else { return "not begun" }
      let state = record.summary["status"]?.string ?? "begun"
      return difference.map { difference in "\(state), begun with \(difference)" } ?? state
    }
  }

  private let title: String
  /// The runs with their values of the metric, if they have one.
  private let entries: [(run: Entry, value: Double?)]
  /// The options in which runs differ, in the order of the sweep file.
  private let options: [String]
  /// The field of results by which runs are compared.
  private let metric: String
  /// A note about values that do not compare; `nil` for none.
  private let note: String?

  /// Creates a report about the runs of a sweep.
  ///
  /// - Parameters:
  ///   - title: The name of the sweep.
  ///   - entries: The runs of the sweep.
  ///   - options: The options in which the runs differ.
  ///   - metric: The field of results by which runs are compared.
  ///   - note: A note about values that do not compare; `nil` for none.
  package init(title: String, entries: [Entry], options: [String], metric: String, note: String? = nil) {
    (self.title, self.options, self.metric, self.note) = (title, options, metric, note)
    self.entries = entries.map { entry in
      // The summary of a run has results on test images too, by which runs that hold images out are not compared.
      let other = RunRecord.isAccuracy(metric) ? nil : entry.comparedRecord?.summary[metric]?.double
      return (entry, entry.comparedRecord?.results[metric] ?? other)
    }
  }

  /// The runs that are not compared, with their states, such as `seed-2 (stopped)`.
  package var leftOut: [String] {
    entries.filter { run, _ in run.comparedRecord == nil }.map { run, _ in "\(run.name) (\(run.state))" }
  }

  /// The number of runs that have a value of the metric.
  package var resultCount: Int { entries.count { _, value in value != nil } }

  /// Writes `sweep.csv` and `sweep.html`.
  ///
  /// - Throws: `FileError` if a file cannot be written.
  package func write(to folder: String) throws {
    try AtomicFile.write(csv, to: "\(folder)/sweep.csv")
    try AtomicFile.write(page.html, to: "\(folder)/sweep.html")
  }

  /// The content of `sweep.csv`: options, status and metric of each run, in the order of the sweep file.
  package var csv: String {
    let header = (["run"] + options + ["status", metric]).map(CSV.field).joined(separator: ",")
    let lines = entries.map { run, value in
      let cells = options.map { option in run.values[option] ?? "" }
      let number = value.map { value in "\(value)" } ?? ""
      return ([run.name] + cells + [run.state, number]).map(CSV.field).joined(separator: ",")
    }
    return ([header] + lines).map { line in line + "\n" }.joined()
  }

  /// The content of `sweep.html`: a box plot for each option, then the table with the best run first, by
  /// ``ResultNames/isSmallerBetter(_:)``.
  package var page: Page {
    let isShare = RunRecord.isAccuracy(metric)
    let splits = Set(entries.compactMap { run, value in value.flatMap { _ in run.record?.isOfValidation(metric) } })
    let field = splits == [true] ? RecordedSplits.validationName(metric) : metric
    // Of results on different images, which a note names, the field is the only name in common.
    let name = splits.count > 1 ? metric : ResultNames.name(field)
    let plots = options.compactMap { option -> Markup? in
      var names: [String] = []
      for case let value? in entries.map({ run, _ in run.values[option] }) where !names.contains(value) {
        names.append(value)
      }
      let groups = names.map { name in
        BoxPlot.Group(
          name: name,
          values: entries.filter { run, _ in run.values[option] == name }.compactMap { _, value in
            value.map { value in isShare ? 100 * value : value }
          })
      }
      return BoxPlot(
        title: "By \(option)", xTitle: "\(name) by \(option)", yTitle: isShare ? "%" : metric, groups: groups,
        limits: isShare ? Axis.percentages : nil
      ).figure
    }
    let isAscending = ResultNames.isSmallerBetter(metric)
    let sorted = entries.sorted { one, other in
      guard let first = one.value, let second = other.value else { return one.value != nil && other.value == nil }
      return isAscending ? first < second : first > second
    }
    let rows = sorted.map { run, value -> [Markup] in
      ["\(run.name)"] + options.map { option in "\(run.values[option] ?? "–")" }
        + ["\(run.state)", "\(value.map { value in ResultNames.text(metric, value) } ?? "–")"]
    }
    let table = Elements.table(
      "Runs, the \(isAscending ? "smallest" : "largest") value first",
      header: ["run"] + options + ["state", name], rows: rows,
      numeric: options.count + 2..<options.count + 3)
    let own: [String] = note.map { text in [text] } ?? []
    let notes = (own + entries.flatMap { run, _ in run.record?.notes ?? [] }).map(Elements.note)
    let figures: Markup =
      plots.isEmpty ? "<p>No finished run has this result yet.</p>" : "<div class=\"grid\">\(plots)</div>"
    return Page(
      title: "Sweep \(title)",
      subtitle: "<p>\(counted(entries.count, "run")), \(resultCount) with a result. \(name)</p>\(notes)",
      sections: [
        Page.Section(name: "boxes", title: "Results by option", content: figures),
        Page.Section(name: "runs", title: "Runs", content: table),
      ])
  }
}
