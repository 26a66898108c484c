import Datasets
import Formats
import Spelling
import Yams

/// Reads options from YAML: one mapping from option names, without dashes, to values.
///
/// This is the format of a run's `config.yaml`, of the `--config` file, of the configuration in a checkpoint, and of
/// named recipes. Unknown names, duplicate names and values of another type are errors, whereas YAML decoders ignore
/// them.
package enum ConfigurationFile {
  /// Reads the options of a file.
  ///
  /// - Throws: ``RunError``: exit code 66 or 74 if the file cannot be read, 78 with the line if it holds anything but
  ///   options.
  package static func read(_ path: String) throws(RunError) -> ConfigurationOverrides {
    try options(in: text(ofFile: path), path: path)
  }

  /// Reads a YAML file as text.
  ///
  /// - Throws: ``RunError``: exit code 66 or 74 if the file cannot be read, 78 if it is not UTF-8 text.
  package static func text(ofFile path: String) throws(RunError) -> String {
    if DataPath.kind(path) == .folder {
      let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
      let isRun = DataPath.kind("\(folder)/config.yaml") == .file
      throw RunError(
        .configuration, "\(path): is a folder",
        remedy: "give \(isRun ? "\(folder)/config.yaml" : "the YAML file in it")")
    }
    let bytes: [UInt8]
    do {
      bytes = try ReadOnlyFile(path: path).contents()
    } catch {
      guard error.kind == .content else { throw RunError(error) }
      throw RunError(.configuration, error.description)
    }
    // Editors on Windows begin a file with a byte order mark.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    guard
      let text = String(validating: bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...], as: UTF8.self)
    else {
      throw RunError(.configuration, "\(path): expected a YAML text in UTF-8, found other bytes")
    }
    return text
  }

  /// Parses the options in a YAML text; error messages begin with `path` and the line.
  static func options(in yaml: String, path: String) throws(RunError) -> ConfigurationOverrides {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw RunError(.configuration, ConfigurationMistake.text(error, in: yaml, path: path))
    }
    var overrides = ConfigurationOverrides()
    guard let root else {
      throw RunError(
        .configuration, "\(path): holds no option\(yaml.isEmpty ? ", as it is empty" : "")",
        remedy: "was it written completely? supcon recipe NAME prints such a file")
    }
    guard case .mapping(let mapping) = root else {
      if let mistake = ConfigurationMistake.missingSpace(in: yaml, path: path) {
        throw RunError(.configuration, mistake)
      }
      throw RunError(
        .configuration,
        "\(place(root, path)): expected one option a line, such as 'epochs: 100', found \(kindName(of: root))")
    }
    for (name, value) in mapping {
      if case .mapping(let inner) = value {
        throw RunError(.configuration, ConfigurationMistake.nested(name, inner, place: place(name, path)))
      }
      let option = try option(name, path: path)
      overrides.note(option, try assignment(option, value, path: path))
    }
    return overrides
  }

  /// Returns the function that stores a YAML value in a configuration.
  package static func assignment(
    _ option: ConfigurationOption, _ value: Node, path: String
  ) throws(RunError) -> @Sendable (inout Configuration) -> Void {
    let malformed = RunError(
      .configuration,
      "\(place(value, path)): \(option.name): expected \(option.kind.expectation), found \(found(value))")
    guard let text = text(value, option.kind) else { throw malformed }
    do {
      return try option.read(text)
    } catch {
      throw error.isMalformed ? malformed : option.refusal(of: text, error, place: place(value, path))
    }
  }

  /// Converts a YAML value to the text of an option; returns `nil` for a null value or a collection.
  ///
  /// The value of a text option may be a list, such as `[700, 800, 900]`; it becomes comma-separated text.
  package static func text(_ node: Node, _ kind: OptionKind) -> String? {
    if kind == .text, case .sequence(let sequence) = node {
      let parts = sequence.compactMap { element in element.scalar?.string }
      return parts.count == sequence.count && !parts.isEmpty ? parts.joined(separator: ",") : nil
    }
    guard let scalar = node.scalar else { return nil }
    // An empty value, `~` and `null` mean no value, unless they are quoted.
    let isQuoted = scalar.style == .doubleQuoted || scalar.style == .singleQuoted
    return kind != .text || node.null == nil || isQuoted ? scalar.string : nil
  }

  /// The training options that are allowed on the command line only, such as `output` and `resume`.
  package static let namesOfCommandLine: Set<String> = [
    "output", "resume", "recipe", "config", "quiet", "verbose", "max-time", "extend-epochs", "check-ranks",
    "check-numerics", "dump-step", "stall-timeout", "watchdog-port", "isa",
  ]

  /// Returns the option that a YAML key names.
  package static func option(_ name: Node, path: String) throws(RunError) -> ConfigurationOption {
    let text = name.scalar?.string ?? ""
    if let option = ConfigurationOption.named(text) { return option }
    if Self.namesOfCommandLine.contains(text) {
      throw RunError(
        .configuration, "\(place(name, path)): '\(text)' can only be given on the command line",
        remedy: "leave the line out")
    }
    // Option names as on the command line (`--batch-size`) and as in Python (`batch_size`) are both recognized.
    let plain = text.drop { letter in letter == "-" }.map { letter in letter == "_" ? "-" : letter }
    let nearest =
      PeerNames.option(String(plain))
      ?? ConfigurationOption.all.map(\.name).nearest(to: String(plain), within: (plain.count + 2) / 3)
    throw RunError(
      .configuration, "\(place(name, path)): unknown option '\(text)'",
      remedy: nearest.map { nearest in "did you mean '\(nearest)'?" }
        ?? "expected the name of an option without its dashes, such as 'batch-size'; supcon pretrain --help lists all")
  }

  /// Returns the file and line of a YAML node, as errors begin.
  package static func place(_ node: Node, _ path: String) -> String {
    node.mark.map { mark in "\(path):\(mark.line)" } ?? path
  }

  /// Returns the kind of a YAML node in words.
  package static func kindName(of node: Node) -> String {
    switch node {
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .alias: "an alias"
    }
  }

  private static func found(_ node: Node) -> String {
    guard let scalar = node.scalar else { return kindName(of: node) }
    return scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
  }
}
