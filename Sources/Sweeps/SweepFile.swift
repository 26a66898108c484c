import Configuration
import Formats
import Spelling
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

    /// The values of the options in `overrides` as `config.yaml` has them, by name; equal for equal runs, however the
    /// file writes the values.
    let parsedValues: [String: String]
  }

  /// The runs: first the combinations of the grid, the last option changing fastest, then those listed under `runs`.
  package let runs: [Run]
  /// The folder that contains the run directories; `nil` if the file does not give one.
  package let output: String?
  /// The result by which runs are compared; `nil` if the file does not give one.
  package let metric: SweepMetric?

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
    output = try mapping["output"].map { node throws(RunError) in try Self.text(node, of: "output", "a folder", path) }
    metric = try mapping["metric"].map { node throws(RunError) in try Self.metric(node, path) }
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
    try Self.checkAreDistinct(runs, path)
    let names = runs.map(\.name)
    for index in runs.indices {
      let earlier = names[..<index].count { name in name == names[index] }
      if earlier > 0 { runs[index].name += "-\(earlier + 1)" }
    }
    self.runs = runs
  }

  /// Returns the text of a field that has a single value.
  private static func text(
    _ node: Node, of field: String, _ expectation: String, _ path: String
  ) throws(RunError) -> String {
    if node.scalar != nil, let text = ConfigurationFile.text(node, .text), !text.allSatisfy(\.isWhitespace) {
      return text
    }
    throw RunError(
      .configuration,
      "\(ConfigurationFile.place(node, path)): \(field): expected \(expectation), found \(node.string == nil ? ConfigurationFile.kindName(of: node) : "nothing")"
    )
  }

  /// Returns the result that a field names.
  private static func metric(_ node: Node, _ path: String) throws(RunError) -> SweepMetric {
    let name = try text(node, of: "metric", "the name of a result", path)
    if let metric = SweepMetric.named(name) { return metric }
    let meant = SweepMetric.all.map(\.name).nearest(to: name, within: name.count / 4)
    throw RunError(
      .configuration, "\(ConfigurationFile.place(node, path)): metric: \(name): no command stores such a result",
      remedy: (meant.map { meant in "did you mean '\(meant)'? " } ?? "") + "docs/usage.md lists all under Sweeps")
  }

  /// Throws if two runs have the same options with the same values, however these are written.
  private static func checkAreDistinct(_ runs: [Run], _ path: String) throws(RunError) {
    var names: [[String: String]: String] = [:]
    for run in runs {
      guard let first = names.updateValue(run.name, forKey: run.parsedValues) else { continue }
      throw RunError(
        .configuration,
        first == run.name
          ? "\(path): two runs have the options of \(first)" : "\(path): \(first) and \(run.name) are the same run",
        remedy: "leave one of them out")
    }
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

  /// Returns all combinations of the option values listed in `grid`; none if it lists no option.
  private static func grid(_ node: Node, _ path: String) throws(RunError) -> [Choice] {
    let lists = try choice(node, path)
    var choices: [Choice] = lists.isEmpty ? [] : [[]]
    for (option, values) in lists {
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
    // A long name ends with a hash, not with the run's number, which changes with the runs that are added before it.
    let name = plain.utf8.count <= longestName ? plain : "\(plain.prefix(longestName / 2))-\(Self.shortHash(plain))"
    let given = Set((common + choice).map { option, _ in option.name })
    let parsed = overrides.applied(to: Configuration()).values { option in given.contains(option.name) }
    // Options whose value is none have no text.
    var parsedValues = Dictionary(uniqueKeysWithValues: given.map { name in (name, "") })
    for (option, text) in parsed { parsedValues[option.name] = option.isPath ? text.absolutePath : text }
    return Run(
      name: name.isEmpty ? "run-\(number)" : name, values: values, overrides: overrides, parsedValues: parsedValues)
  }

  /// Returns the first 8 hexadecimal digits of the SHA-256 of a text.
  private static func shortHash(_ text: String) -> Substring {
    SHA256.hexadecimalDigest(of: Array(text.utf8)).prefix(8)
  }

  /// Replaces the characters of an option's value that are unsafe in file names by underscores.
  private static func fileName(_ text: String) -> String {
    String(
      text.map { letter in letter.isASCII && (letter.isLetter || letter.isNumber || letter == ".") ? letter : "_" })
  }
}
