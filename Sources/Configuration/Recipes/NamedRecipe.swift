import Spelling

/// A published recipe as a configuration file inside the program.
///
/// Its text is what `--config` reads: `supcon recipe NAME` prints it to be kept and changed. A file and flags override it.
package struct NamedRecipe: Sendable {
  /// DATASET-MODEL-METHOD.
  package let name: String
  /// One line for lists.
  package let summary: String
  /// The command that trains the recipe.
  package let command: TrainingCommand
  /// The configuration file; its comments begin with the source of the recipe.
  package let yaml: String

  /// All of them.
  package static let all = smallCIFAR + largeCIFAR + imageNet + comparison

  /// Returns the recipe of a name.
  ///
  /// - Throws: ``RunError`` with code 64 that names the nearest.
  package static func named(_ name: String) throws(RunError) -> NamedRecipe {
    if let recipe = all.first(where: { recipe in recipe.name == name }) {
      return recipe
    }
    let names = all.map(\.name)
    let nearest = names.nearest(to: name)
    throw RunError(
      .usage, "--recipe \(name): there is none of that name",
      remedy: nearest.map { nearest in "did you mean '\(nearest)'?" }
        ?? "expected one of \(names.joined(separator: ", "))")
  }

  /// Lists all recipes with their commands.
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

  /// Parses the options of the recipe.
  ///
  /// - Throws: Nothing for the recipes of the program, as a test reads them all.
  package func overrides() throws(RunError) -> ConfigurationOverrides {
    try ConfigurationFile.options(in: yaml, path: name)
  }
}
