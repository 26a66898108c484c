import Configuration

/// The report's sections of options: all options of one run, or those that differ between several runs.
enum OptionSections {
  /// Returns the section with the configuration of one run.
  static func all(of run: RunRecord) -> Page.Section {
    let lines = run.configurationText.split(separator: "\n").filter { line in
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
    let fields = ResultNames.sorted(Set(runs.flatMap(\.results.keys)))
    let losses = runs.map { run -> [Markup] in
      ["\(run.name)"]
        + fields.map { field in run.results[field].map { value in "\(ResultNames.text(field, value))" } ?? "–" }
        + [
          "\(run.stepPoints("loss").last.map { point in short(point.y) } ?? "–")",
          "\(run.stepPoints("loss_excess").last.map { point in short(point.y) } ?? "–")", "\(short(run.epochs))",
        ]
    }
    let header = ["run"] + fields.map(ResultNames.name) + ["last loss", "above its bound", "epochs"]
    return Elements.table("Results", header: header, rows: losses, numeric: 1..<header.count)
  }

  private static func differences(_ runs: [RunRecord]) -> Markup {
    let values = runs.map { run in
      Dictionary(uniqueKeysWithValues: run.configuration.values().map { option, text in (option.name, text) })
    }
    let names = ConfigurationOption.all.map(\.name).filter { name in
      Set(values.map { own in own[name] ?? "none" }).count > 1
    }
    guard !names.isEmpty else { return "<p>All options are equal.</p>" }
    return Elements.table(
      "Options that differ", header: ["option"] + runs.map(\.name),
      rows: names.map { name in ["\(name)"] + values.map { own in "\(own[name] ?? "none")" } })
  }
}
