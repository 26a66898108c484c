import Configuration
import Formats
import Measures

/// The table and the box plots of a sweep's results.
package struct SweepReport {
  /// A run of the sweep.
  package struct Entry: Sendable {
    /// The name of its directory.
    let name: String
    /// The options in which runs differ.
    let values: [String: String]
    /// The records of its directory; `nil` if there is none yet.
    let record: RunRecord?

    /// A run of the sweep.
    package init(name: String, values: [String: String], record: RunRecord?) {
      (self.name, self.values, self.record) = (name, values, record)
    }
  }

  private let title: String
  private let entries: [Entry]
  /// The options in which runs differ, in the order of the file.
  private let options: [String]
  /// The field of results to compare by.
  private let metric: String

  /// A report of some runs.
  ///
  /// - Parameters:
  ///   - title: The name of the sweep.
  ///   - entries: Its runs.
  ///   - options: The options in which they differ.
  ///   - metric: The field of results to compare by; `nil` for the first that the runs have.
  package init(title: String, entries: [Entry], options: [String], metric: String?) {
    self.title = title
    self.entries = entries
    self.options = options
    let fields = Set(entries.flatMap { entry in entry.record?.results.keys.map { field in field } ?? [] })
    self.metric = metric ?? ResultNames.sorted(fields.filter(RunRecord.isAccuracy)).first ?? "final_loss"
  }

  private func value(_ entry: Entry) -> Double? {
    guard let record = entry.record else { return nil }
    return record.results[metric] ?? record.summary[metric]?.double
  }

  /// The number of runs that have the metric.
  package var resultCount: Int { entries.count { entry in value(entry) != nil } }

  /// Writes `sweep.csv` and `sweep.html`.
  ///
  /// - Throws: `FileError`.
  package func write(to folder: String) throws {
    try AtomicFile.write(csv, to: "\(folder)/sweep.csv")
    try AtomicFile.write(page.html, to: "\(folder)/sweep.html")
  }

  /// The runs in the order of the file: their options, their state, and the metric.
  package var csv: String {
    let header = (["run"] + options + ["status", metric]).map(CSV.field).joined(separator: ",")
    let lines = entries.map { entry in
      let cells = options.map { option in entry.values[option] ?? "" }
      let number = value(entry).map { value in "\(value)" } ?? ""
      return ([entry.name] + cells + [state(entry), number]).map(CSV.field).joined(separator: ",")
    }
    return ([header] + lines).map { line in line + "\n" }.joined()
  }

  private func state(_ entry: Entry) -> String {
    entry.record.map { record in record.summary["status"]?.string ?? "begun" } ?? "not begun"
  }

  /// The page: a box plot for each option, then the table, the best run first.
  package var page: Page {
    let isShare = RunRecord.isAccuracy(metric)
    let name = ResultNames.name(metric)
    let plots = options.compactMap { option -> Markup? in
      var names: [String] = []
      for case let value? in entries.map({ entry in entry.values[option] }) where !names.contains(value) {
        names.append(value)
      }
      let groups = names.map { name in
        BoxPlot.Group(
          name: name,
          values: entries.filter { entry in entry.values[option] == name }.compactMap(value).map { value in
            isShare ? 100 * value : value
          })
      }
      return BoxPlot(
        title: "By \(option)", xTitle: "\(name) by \(option)", yTitle: isShare ? "%" : metric, groups: groups
      ).figure
    }
    let sorted = entries.sorted { one, other in (value(one) ?? -.infinity) > (value(other) ?? -.infinity) }
    let rows = sorted.map { entry -> [Markup] in
      ["\(entry.name)"] + options.map { option in "\(entry.values[option] ?? "–")" }
        + ["\(state(entry))", "\(value(entry).map { value in ResultNames.text(metric, value) } ?? "–")"]
    }
    let table = Elements.table(
      "Runs, the largest value first", header: ["run"] + options + ["state", name], rows: rows,
      numeric: options.count + 2..<options.count + 3)
    let figures: Markup = plots.isEmpty ? "<p>No run has this result yet.</p>" : "<div class=\"grid\">\(plots)</div>"
    return Page(
      title: "Sweep \(title)",
      subtitle: "<p>\(counted(entries.count, "run")), \(resultCount) with a result. \(name)</p>",
      sections: [
        Page.Section(name: "boxes", title: "Results by option", content: figures),
        Page.Section(name: "runs", title: "Runs", content: table),
      ])
  }
}
