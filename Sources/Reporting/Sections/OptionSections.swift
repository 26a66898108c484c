import Configuration
import Formats
import Runs

/// The report's sections of options: all options of one run, or those that differ between several runs.
enum OptionSections {
  /// Returns the section with the configuration of one run.
  static func all(of run: RunRecord) -> Page.Section {
    let text = try? ReadOnlyFile.text(ofFile: RunDirectory(path: run.path).configurationPath)
    let lines = (text ?? run.configuration.yaml()).split(separator: "\n").filter { line in
      let name = line.prefix { letter in letter != ":" }
      return ConfigurationOption.named(String(name)).map { option in option.hasEffect(in: run.configuration) } ?? true
    }
    return Page.Section(
      name: "options", title: "Options",
      content: """
        <details><summary>config.yaml, without options that have no effect in this run</summary><pre class="options">\(lines.joined(separator: "\n"))</pre></details>
        """)
  }

  /// Returns the section that compares the results and differing options of several runs.
  static func comparison(_ runs: [RunRecord]) -> Page.Section {
    Page.Section(
      name: "comparison", title: "Comparison",
      content: """
        \(results(runs))
        \(differences(runs))
        \(Markup(joining: runs.map { run in
          "<p class=\"quiet\"><strong>\(run.name)</strong> (\(run.path)): \(run.status)</p>"
        }))
        <p class="quiet">supcon report with one of these runs shows its images, maps and mistakes.</p>
        """)
  }

  private static func results(_ runs: [RunRecord]) -> Markup {
    let results = runs.map(\.shownResults)
    var rows = ResultNames.sorted(Set(results.flatMap(\.keys))).map { field -> (name: String, cells: [Markup]) in
      let cells = results.map { values -> Markup in
        values[field].map { value in "\(ResultNames.text(field, value))" } ?? "–"
      }
      return (name: ResultNames.name(field), cells: cells)
    }
    let losses = runs.map { run -> Markup in
      guard let loss = run.lastLoss else { return "–" }
      let step = loss.step < run.steps ? " (step \(loss.step))" : ""
      return "\(short(loss.value))\(step)"
    }
    let excesses = runs.map { run -> Markup in "\(run.lastLoss?.excess.map(short) ?? "–")" }
    rows += [(name: "last loss", cells: losses), (name: "above its bound", cells: excesses)]
    rows.append((name: "epochs trained", cells: runs.map { run -> Markup in "\(short(run.epochs))" }))
    return Elements.comparison(
      "Results", first: "measure", columns: runs.map(\.name), rows: rows, isNumeric: true)
  }

  /// The options that are hashes, of which the comparison shows only the beginnings.
  private static let hashes: Set = ["dataset-contents", "dataset-fingerprint", "teacher-weights"]
  private static let shownDigits = 12

  /// Returns the part of an option's value that is compared.
  private static func compared(_ option: String, _ text: String) -> String {
    guard hashes.contains(option) else { return text }
    // Copies of the same files have other times.
    return String((ContentsFingerprint(text: text)?.bytes ?? text).prefix(shownDigits))
  }

  private static func differences(_ runs: [RunRecord]) -> Markup {
    let values = runs.map { run in
      Dictionary(
        uniqueKeysWithValues: run.configuration.values().map { option, text in
          (option.name, compared(option.name, text))
        })
    }
    let names = ConfigurationOption.all.map(\.name).filter { name in
      Set(values.map { own in own[name] ?? "none" }).count > 1
    }
    guard !names.isEmpty else { return "<p>All options are equal.</p>" }
    let rows = names.map { option -> (name: String, cells: [Markup]) in
      (name: option, cells: values.map { own -> Markup in "\(own[option] ?? "none")" })
    }
    return Elements.comparison(
      "Options that differ", first: "option", columns: runs.map(\.name), rows: rows, isNumeric: false)
  }
}
