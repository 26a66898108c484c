import ArgumentParser
import Configuration

/// The command `supcon recipe`, which lists the recipes of `--recipe`, or prints one as a file for `--config`.
struct RecipeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe",
    abstract: "Lists the recipes of --recipe, or prints one as a file for --config.",
    discussion: "Example: supcon recipe cifar10-resnet50-supcon > my-recipe.yaml")

  @Argument(help: "Which one; all are listed without it.", completion: .list(NamedRecipe.all.map(\.name)))
  var name: String?

  func run() throws {
    guard let name else { throw CleanExit.message(NamedRecipe.list()) }
    do {
      throw CleanExit.message(try NamedRecipe.named(name).yaml)
    } catch let error as RunError {
      throw RunError(
        error.exitCode, error.problem.replacing("--recipe ", with: "recipe "), remedy: error.remedy)
    }
  }
}
