import Configuration
import Yams

/// The file of `supcon sweep`: options common to all runs, and a grid or a list of option values in which the runs
/// differ.
///
///     output: runs/temperatures
///     metric: linear_top1
///     options: {dataset: cifar10, data: cifar-10-batches-bin, epochs: 60}
///     grid: {temperature: [0.05, 0.1, 0.2], seed: [0, 1, 2]}
///     runs:
///       - {temperature: 0.1, weight-decay: 1e-4}
package struct SweepFile: Sendable {
  /// One training run of the sweep.
  package struct Run: Sendable {
    /// The name of the run directory.
    package fileprivate(set) var name: String
    /// The options in which this run differs from the other runs, with their values as text.
    package let values: [(option: String, text: String)]
    /// All options of the run: the common options and ``values``.
    package let overrides: ConfigurationOverrides

    /// Returns true if another run has the same options with the same values.
    fileprivate func hasValues(of other: Run) -> Bool {
      values.elementsEqual(other.values) { own, other in own == other }
    }
  }

  /// The runs: first the combinations of the grid, the last option changing fastest, then those listed under `runs`.
  package let runs: [Run]
  /// The folder that contains the run directories; `nil` if the file does not give one.
  package let output: String?
  /// The field of `summary.json` by which runs are compared; `nil` if the file does not give one.
  package let metric: String?

  /// A combination of option values: a point of the grid, or an entry of `runs`.
  private typealias Choice = [(option: ConfigurationOption, value: Node)]

  private static let fields = ["output", "metric", "options", "grid", "runs"]
  private static let longestName = 120

  /// Reads and parses a sweep file.
  ///
  /// - Throws: ``RunError`` naming the line of the first mistake.
  package init(path: String) throws(RunError) {
    try self.init(yaml: ConfigurationFile.text(ofFile: path), path: path)
  }

  /// Parses the YAML text of a sweep file; error messages begin with `path` and the line.
  package init(yaml: String, path: String) throws(RunError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw RunError(.configuration, ConfigurationMistake.text(error, in: yaml, path: path))
    }
    guard case .mapping(let mapping) = root else {
      throw RunError(
        .configuration, "\(path): expected options, and a grid or a list of runs",
        remedy: "docs/usage.md has an example of such a file")
    }
    for name in mapping.keys where !Self.fields.contains(name.string ?? "") {
      throw RunError(
        .configuration, "\(ConfigurationFile.place(name, path)): unknown field '\(name.string ?? "")'",
        remedy:
          "expected \(Self.fields.joined(separator: ", ")); options of training belong under one of the last three")
    }
    output = mapping["output"]?.string
    metric = mapping["metric"]?.string
    if let metric, !Self.isMetric(metric) {
      throw RunError(
        .configuration,
        "\(mapping["metric"].map { node in ConfigurationFile.place(node, path) } ?? path): metric: \(metric): no command stores such a result",
        remedy: "choose one of \(Self.metrics.joined(separator: ", "))")
    }
    let common = try mapping["options"].map { node throws(RunError) in try Self.choice(node, path) } ?? []
    var choices: [Choice] = try mapping["grid"].map { node throws(RunError) in try Self.grid(node, path) } ?? []
    if let list = mapping["runs"] {
      guard case .sequence(let nodes) = list else {
        throw RunError(
          .configuration, "\(ConfigurationFile.place(list, path)): runs: expected a list of options, one entry a run")
      }
      for node in nodes { choices.append(try Self.choice(node, path)) }
    }
    guard !choices.isEmpty else {
      throw RunError(.configuration, "\(path): has no run", remedy: "give a grid, or a list of runs")
    }
    var runs: [Run] = []
    for (number, choice) in choices.enumerated() { runs.append(try Self.run(number, choice, common, path)) }
    if let twice = runs.first(where: { run in runs.count { other in other.hasValues(of: run) } > 1 }) {
      throw RunError(
        .configuration, "\(path): two runs have the options of \(twice.name)", remedy: "leave one of them out")
    }
    let names = runs.map(\.name)
    for index in runs.indices {
      let earlier = names[..<index].count { name in name == names[index] }
      if earlier > 0 { runs[index].name += "-\(earlier + 1)" }
    }
    self.runs = runs
  }

  /// The results by which runs can be compared, besides those of outliers and of single corruptions.
  package static let metrics =
    [
      "linear_top1", "linear_top5", "test_top1", "test_top5", "train_top1", "top1", "top5", "final_loss",
      "final_gradient_norm", "knn_top1", "pixel_knn_top1", "knn20_weighted_top1", "knn200_weighted_top1",
      "class_means_top1",
    ] + [1, 5, 10].flatMap { shots in ["few_shot\(shots)_top1", "few_shot\(shots)_top1_deviation"] } + [
      "retrieval_precision_at_1", "retrieval_r_precision", "retrieval_map_at_r", "kmeans_nmi", "kmeans_ami",
      "alignment", "uniformity", "ece", "ece_temperature_scaled", "nll", "mirror_top1", "corruption_error",
      "views_per_second", "seconds", "peak_rss_bytes_max", "peak_rss_bytes_sum",
    ]

  private static func isMetric(_ name: String) -> Bool {
    let plain = name.hasPrefix("average_") ? String(name.dropFirst("average_".count)) : name
    return metrics.contains(plain) || plain.hasPrefix("corruption_") || plain.hasSuffix("_auroc")
      || plain.hasSuffix("_fpr95")
  }

  /// Parses a YAML mapping from option names to values, such as `{temperature: 0.1}`.
  private static func choice(_ node: Node, _ path: String) throws(RunError) -> Choice {
    guard case .mapping(let mapping) = node else {
      throw RunError(
        .configuration,
        "\(ConfigurationFile.place(node, path)): expected options, such as {temperature: 0.1}, found \(ConfigurationFile.kindName(of: node))"
      )
    }
    var choice: Choice = []
    for (name, value) in mapping { choice.append((try ConfigurationFile.option(name, path: path), value)) }
    return choice
  }

  /// Returns all combinations of the option values listed in `grid`.
  private static func grid(_ node: Node, _ path: String) throws(RunError) -> [Choice] {
    var choices: [Choice] = [[]]
    for (option, values) in try choice(node, path) {
      guard case .sequence(let list) = values, !list.isEmpty else {
        throw RunError(
          .configuration,
          "\(ConfigurationFile.place(values, path)): \(option.name): expected a list of values, such as [0.1, 0.2]")
      }
      choices = choices.flatMap { choice in list.map { value in choice + [(option, value)] } }
    }
    return choices
  }

  private static func run(
    _ number: Int, _ choice: Choice, _ common: Choice, _ path: String
  ) throws(RunError) -> Run {
    var overrides = ConfigurationOverrides()
    var values: [(option: String, text: String)] = []
    for (option, value) in common + choice {
      overrides.note(option, try ConfigurationFile.assignment(option, value, path: path))
    }
    for (option, value) in choice {
      values.append((option.name, ConfigurationFile.text(value, option.kind) ?? ""))
    }
    let plain = values.map { option, text in "\(option)-\(Self.fileName(text))" }.joined(separator: "-")
    let name = plain.utf8.count <= longestName ? plain : "run-\(number)-\(plain.prefix(longestName / 2))"
    return Run(name: name.isEmpty ? "run-\(number)" : name, values: values, overrides: overrides)
  }

  /// Replaces the characters of an option's value that are unsafe in file names by underscores.
  private static func fileName(_ text: String) -> String {
    String(
      text.map { letter in letter.isASCII && (letter.isLetter || letter.isNumber || letter == ".") ? letter : "_" })
  }
}
