import Yams

extension Configuration {
  /// The configuration as YAML, one option a line; options without a value are left out.
  package func yaml() -> String {
    let lines = values().map { option, text in
      let value: Node =
        option.kind == .text ? ((try? text.represented()) ?? Node(text)) : Node(text, .implicit, .plain)
      return (Node(option.name), value)
    }
    // Without a limit, as a long path is not to be folded.
    return (try? Yams.serialize(node: Node(lines, .implicit, .block), width: -1, allowUnicode: true)) ?? ""
  }

  /// Reads ``yaml()``, also that of an earlier version which had fewer options: those have their defaults.
  ///
  /// - Throws: ``RunError`` naming `path` and the line of a wrong option.
  package init(yaml: String, path: String) throws(RunError) {
    self = try ConfigurationFile.options(in: yaml, path: path).applied(to: Configuration())
    if let problem = model.problem ?? head.problem {
      throw RunError(.configuration, "\(path): \(problem.problem)", remedy: problem.remedy)
    }
  }
}
