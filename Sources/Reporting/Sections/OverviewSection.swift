import Configuration
import Job
import Runs

/// The report's section that summarizes a run: options, the command that repeats it, results, and host.
struct OverviewSection {
  let run: RunRecord
  /// The accuracy computed for this report; `nil` if there is none.
  let measured: (name: String, accuracy: Double)?

  var section: Page.Section {
    Page.Section(
      name: "overview", title: "Overview",
      content: """
        \(run.trainer == nil ? "<p>\(run.status)</p>" : Elements.note(run.status))
        \(Elements.numbers(numbers))
        \(commands)
        <div class="grid wide">\(Elements.table("Where and with what", header: ["what", "value"], rows: places, isText: true))<div>\(measures)</div></div>
        """)
  }

  private var numbers: [(name: String, value: String)] {
    let results = run.shownResults
    let accuracies = ResultNames.sorted(results.keys.filter(RunRecord.isAccuracy)).filter { field in
      !field.hasSuffix("deviation")
    }.prefix(3)
    var numbers = accuracies.compactMap { field in
      results[field].map { value in (ResultNames.name(field), percent(value)) }
    }
    if let measured { numbers.append((measured.name, percent(measured.accuracy))) }
    if let loss = run.lastLoss {
      numbers.append((loss.step < run.steps ? "loss of step \(loss.step)" : "last loss", short(loss.value)))
      if let excess = loss.excess { numbers.append(("above its lower bound", short(excess))) }
    }
    if let speed = run.summary["views_per_second"]?.double {
      numbers.append(("views per second", short(speed.rounded())))
    }
    return numbers
  }

  /// The launcher part of the command line, such as `mpirun -np 4` and a space; empty for one rank.
  private var start: String {
    run.summary["ranks"]?.double.map { ranks in ranks > 1 ? "mpirun -np \(Int(ranks)) " : "" } ?? ""
  }

  /// The commands that repeat the run: of imported weights the import alone, as training did not make them.
  private var commands: Markup {
    guard !run.isImported else { return original }
    return """
      <h3>Repeat it</h3>
      <p>This repeats the run, to the same weights on any number of ranks (equal CPU instructions and precision provided):</p>
      <pre>\(repetition)</pre>
      \(original)
      """
  }

  private var repetition: String {
    let command = run.configuration.command.rawValue
    return
      "\(start)supcon \(command) --config \((run.path + "/config.yaml").shellQuoted) --output \((run.name + "-again").shellQuoted)"
  }

  private var original: Markup {
    guard case .list(let words) = run.summary["command_line"] else { return "" }
    let line = words.compactMap(\.string).map(\.shellQuoted).joined(separator: " ")
    let title = run.isImported ? "The command line of the import" : "The command line of the last start"
    return "<p>\(title):</p><pre>\(start)\(line)</pre>"
  }

  private var places: [[Markup]] {
    let summary = run.summary
    func text(_ field: String) -> String? { summary[field].map(\.shown) }
    let configuration = run.configuration
    let pairs: [(String, String?)] = [
      ("run directory", run.path),
      (run.isImported ? "imported by" : "trained by", text("version").map { version in "supcon \(version)" }),
      ("host", text("host")), ("started", text("started")), ("ended", text("ended")),
      ("time", summary["seconds"]?.double.map { seconds in duration(seconds) + " (last start)" }),
      ("ranks × threads", text("ranks").map { ranks in "\(ranks) × \(text("threads_per_rank") ?? "1")" }),
      ("encoder", configuration.model.name), ("precision", configuration.compute.resolvedPrecision.rawValue),
      ("instruction set (--isa)", text("isa")),
      ("loss", run.isImported ? nil : configuration.lossName), ("dataset", configuration.data.dataset.rawValue),
      ("data", configuration.data.path),
      ("data fingerprint (SHA-256 of the names of files and classes)", text("dataset_fingerprint")),
      ("seed", run.isImported ? nil : "\(configuration.compute.seed)"),
      ("peak memory", summary["peak_rss_bytes_sum"]?.double.map { bytes in megabytes(Int(bytes)) + " on all ranks" }),
      ("SHA-256 of the weights", text("weights_sha256")),
      ("this report by", supconVersionText.split(separator: "\n").map { line in words(line) }.joined(separator: "; ")),
    ]
    return pairs.compactMap { name, value in value.map { value in ["\(name)", "\(value)"] } }
  }

  private func words(_ line: Substring) -> String { line.split(separator: " ").joined(separator: " ") }

  private var measures: Markup {
    let results = run.shownResults
    let fields = ResultNames.sorted(results.keys)
    guard !fields.isEmpty else {
      return """
        <p class="quiet">No results of later stages yet: supcon linear and supcon evaluate measure what the encoder has learned.</p>
        """
    }
    let explained =
      fields.contains { field in ResultNames.plain(field) == "alignment" }
      ? """
      <p class="quiet">Alignment: the mean squared distance of two images of one class; 0 if they coincide.</p>
      <p class="quiet">Uniformity: how evenly all images lie on the sphere; the lower, the more evenly, 0 if all coincide.</p>
      """ as Markup : ""
    let table = Elements.table(
      "Results (docs/evaluation.md defines them)", header: ["measure", "value"],
      rows: fields.compactMap { field in
        results[field].map { value in ["\(ResultNames.name(field))", "\(ResultNames.text(field, value))"] }
      }, numeric: 1..<2)
    return "\(table)\(explained)"
  }
}
