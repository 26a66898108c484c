import Yams

extension Configuration {
  /// Returns the configuration as YAML, one option per line; options without a value are omitted.
  package func yaml() -> String {
    let lines = values().map { option, text in
      let value: Node =
        option.kind == .text ? ((try? text.represented()) ?? Node(text)) : Node(text, .implicit, .plain)
      return (Node(option.name), value)
    }
    // No line width limit, so that long paths are not folded.
    return (try? Yams.serialize(node: Node(lines, .implicit, .block), width: -1, allowUnicode: true)) ?? ""
  }

  /// Parses the output of ``yaml()``; options that are missing, as in files of earlier versions, get their defaults.
  ///
  /// - Throws: ``RunError`` naming `path` and the line of an invalid option.
  package init(yaml: String, path: String) throws(RunError) {
    self = try ConfigurationFile.options(in: yaml, path: path).applied(to: Configuration())
    if let problem = model.problem ?? head.problem {
      throw RunError(.configuration, "\(path): \(problem.problem)", remedy: problem.remedy)
    }
  }
}
