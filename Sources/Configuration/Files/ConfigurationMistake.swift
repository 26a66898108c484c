import Spelling
import Yams

/// Error messages for configuration files that are not valid YAML or have nested options.
package enum ConfigurationMistake {
  /// Returns a one-line message for an error of the YAML parser, beginning with the file and, if known, the line.
  package static func text(_ error: any Error, in yaml: String, path: String) -> String {
    if let mistake = missingSpace(in: yaml, path: path) {
      return mistake
    }
    let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let count = max(lines.count - (lines.last?.isEmpty ?? false ? 1 : 0), 1)
    // The parser reports an unfinished text behind its last line.
    func place(_ mark: Mark) -> String { "\(path):\(min(mark.line, count))" }
    guard let error = error as? YamlError else { return "\(path): is not valid YAML: \(error)" }
    switch error {
    case .duplicatedKeysInMapping(let names, let context):
      return "\(place(context.mark)): option '\(names.first ?? "")' is given more than once; keep one"
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return problem.contains("another document")
        ? "\(place(mark)): holds several documents, divided by ---; keep one"
        : "\(place(mark)): is not valid YAML: \(problem)"
    case .reader(let problem, _, _, _): return "\(path): is not valid YAML: \(problem)"
    default: return "\(path): is not valid YAML: \(error)"
    }
  }

  /// Returns the error for the first option whose colon is not followed by a space; `nil` if there is none.
  static func missingSpace(in yaml: String, path: String) -> String? {
    for (index, line) in yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard let match = line.firstMatch(of: /^\s*([A-Za-z][A-Za-z0-9_-]*):([^\s].*)$/),
        ConfigurationOption.named(String(match.output.1)) != nil
      else { continue }
      let shown = line.drop(while: \.isWhitespace)
      return "\(path):\(index + 1): '\(shown)': a space is missing after the colon"
    }
    return nil
  }

  /// Returns the error for a name whose value is a mapping, with the mapping's entries rewritten as plain options.
  static func nested(_ name: Node, _ inner: Node.Mapping, place: String) -> String {
    let outer = name.string ?? ""
    let lines = inner.compactMap { key, value -> String? in
      guard let key = key.string, let text = value.scalar?.string else { return nil }
      let isOwnKind = ["name", "type", "kind"].contains(key.lowercased())
      let plain = key.replacing("_", with: "-")
      let option = isOwnKind ? ConfigurationOption.named(outer)?.name : PeerNames.option(plain) ?? plain
      return option.flatMap(ConfigurationOption.named).map { option in "'\(option.name): \(text)'" }
    }
    return "\(place): \(outer): expected one value; options are not nested: write "
      + (lines.isEmpty ? "each on a line of its own, such as 'epochs: 100'" : lines.joined(separator: " and "))
  }
}
