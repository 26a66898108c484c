/// What to say of a first argument that is no subcommand: the parser itself suggests options only.
enum SubcommandSuggestion {
  /// A sentence that names the nearest subcommand, or `nil` if the first argument is one or is an option.
  static func message(for arguments: [String], subcommands: [String]) -> String? {
    guard let first = arguments.first, !first.hasPrefix("-"), !(subcommands + ["help"]).contains(first) else {
      return nil
    }
    let nearest = subcommands.map { name in (name: name, distance: editDistance(first, name)) }
      .min { one, other in one.distance < other.distance }
    let suggestion = nearest.flatMap { nearest in nearest.distance <= 3 ? "did you mean '\(nearest.name)'? " : nil }
    return
      "Error: unknown subcommand '\(first)': \(suggestion ?? "")expected one of \(subcommands.joined(separator: ", "))"
  }

  /// How many letters must be inserted, removed or replaced (Levenshtein's distance).
  private static func editDistance(_ first: String, _ second: String) -> Int {
    let columns = Array(second)
    var previous = Array(0...columns.count)
    for (row, letter) in first.enumerated() {
      var current = [row + 1]
      for column in columns.indices {
        current.append(
          min(
            previous[column] + (letter == columns[column] ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[columns.count]
  }
}
