import Spelling

/// A published recipe as a configuration file inside the program.
///
/// Its text is what `--config` reads: `supcon recipe NAME` prints it to be kept and changed. A file and flags override it.
package struct NamedRecipe: Sendable {
  /// DATASET-MODEL-METHOD.
  package let name: String
  /// One line for lists.
  package let summary: String
  /// Which command trains by it.
  package let command: TrainingCommand
  /// The configuration file with its comments, that begin with where it comes from.
  package let yaml: String

  /// All of them.
  package static let all = smallCIFAR + largeCIFAR + imageNet

  /// The recipe of a name.
  ///
  /// - Throws: ``RunError`` with code 64 that names the nearest.
  package static func named(_ name: String) throws(RunError) -> NamedRecipe {
    if let configuration = all.first(where: { configuration in configuration.name == name }) {
      return configuration
    }
    let names = all.map(\.name)
    let advice =
      names.nearest(to: name).map { nearest in "did you mean '\(nearest)'?" }
      ?? "expected one of \(names.joined(separator: ", "))"
    throw RunError(.usage, "--recipe \(name): there is none of that name; \(advice)")
  }

  /// What a list of all says.
  package static func list() -> String {
    let width = all.map(\.name.count).max() ?? 0
    let lines = all.map { configuration in
      "  \(configuration.name)\(String(repeating: " ", count: width + 2 - configuration.name.count))\(configuration.summary) (supcon \(configuration.command.rawValue))"
    }
    return """
      RECIPES
      \(lines.joined(separator: "\n"))

      supcon recipe NAME prints one; --recipe NAME uses it, --config FILE and flags override it.
      """
  }

  /// Its options.
  package var overrides: ConfigurationOverrides {
    do {
      return try ConfigurationFile.options(in: yaml, path: name)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
