import Datasets
import Imaging
import MPI

/// What is looked at without a run: options, resolved as a run's are, and the training set that they name.
struct OpenedRecipe {
  /// The options as resolved, the same on every rank.
  let recipe: Recipe
  /// What would be trained on.
  let dataset: any ImageDataset

  /// The size of views.
  var viewSize: ImageSize { recipe.viewSize(of: dataset) }

  /// Resolves the options and opens the training set.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``AgreedError`` naming what cannot be.
  init(_ overrides: RecipeOverrides, over world: borrowing Communicator, report: @escaping (String) -> Void) throws {
    let precisions = try PrecisionChoice(over: world)
    let text = try world.agreeingOnRoot {
      var recipe = try overrides.recipe(of: .pretrain)
      recipe.precision = try precisions.resolve(recipe.precision).rawValue
      return recipe.yaml()
    }
    var recipe = try Recipe(yaml: try world.broadcast(text: text ?? ""), path: "the configuration from rank 0")
    dataset = try DatasetChoice.openTraining(&recipe, over: world, report: report)
    recipe.resolveStem(for: recipe.viewSize(of: dataset))
    self.recipe = recipe
  }
}

extension RecipeOverrides {
  /// What the given options mean to a command, with encoder and dataset of the run that `--init` names.
  ///
  /// Used by rank 0 alone, as it reads that run's files.
  ///
  /// - Throws: ``RunError`` if there is no such run.
  func recipe(of command: TrainingCommand) throws -> Recipe {
    let recipe = applied(to: command.defaults)
    guard let run = try InitialEncoder.recipe(of: recipe) else { return recipe }
    // A run says how its encoder is built, and on what it goes on learning unless something else is given.
    let base = command.defaults.with(encoderOf: run)
    return applied(to: gives(.dataset) ? base : base.with(datasetOf: run))
  }
}
