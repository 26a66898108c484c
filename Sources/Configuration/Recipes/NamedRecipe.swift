import Spelling

/// The options of a published result, as a configuration file built into the program.
///
/// The text has the format of `--config` files; `supcon recipe NAME` prints it. A configuration file and flags override
/// it.
package struct NamedRecipe: Sendable {
  /// The recipe's name, of the form DATASET-MODEL-METHOD.
  package let name: String
  /// A one-line description, for lists of recipes.
  package let summary: String
  /// The command that trains with the recipe.
  package let command: TrainingCommand
  /// The text of the configuration file; its comments begin with the source of the recipe.
  package let yaml: String

  /// All built-in recipes.
  package static let all = smallCIFAR + largeCIFAR + imageNet + comparison

  /// Returns the recipe of the given name.
  ///
  /// - Throws: ``RunError`` with exit code 64 that suggests the most similar name.
  package static func named(_ name: String) throws(RunError) -> NamedRecipe {
    if let recipe = all.first(where: { recipe in recipe.name == name }) {
      return recipe
    }
    let names = all.map(\.name)
    let nearest = names.nearest(to: name)
    throw RunError(
      .usage, "--recipe \(name): no recipe has this name",
      remedy: nearest.map { nearest in "did you mean '\(nearest)'?" }
        ?? "expected one of \(names.joined(separator: ", "))")
  }

  /// Returns a list of all recipes with their commands, as text.
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
  /// - Throws: ``RunError`` if the text is invalid; a test parses every built-in recipe.
  package func overrides() throws(RunError) -> ConfigurationOverrides {
    try ConfigurationFile.options(in: yaml, path: name)
  }
}
