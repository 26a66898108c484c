import Datasets
import FoundationEssentials
import Imaging
import MPI

/// Which dataset a tool looks at.
public struct DatasetRequest: Sendable {
  /// The options of a run that say so.
  var recipe: Recipe
  private var threads: Int?

  /// A request.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - threads: How many threads of each rank take part; `nil` for all cores of this machine, shared by the ranks.
  public init(overrides: RecipeOverrides, threads: Int?) {
    var base = Recipe()
    base.dataset = "folder"
    recipe = overrides.applied(to: base)
    self.threads = threads
  }

  /// What is wrong with the options alone, or `nil`.
  public var problem: String? {
    if let problem = threads.flatMap({ threads in Recipe.problem(ofThreads: threads) }) {
      return problem
    }
    if !DatasetChoice.names.contains(recipe.dataset) {
      return "--dataset \(recipe.dataset): expected one of \(DatasetChoice.names.joined(separator: ", "))"
    }
    return DatasetChoice.problem(recipe)
  }

  /// The same, with the number of threads resolved.
  func resolved(ranks: Int) -> DatasetRequest {
    var resolved = self
    resolved.recipe.threads = threads ?? max(ProcessInfo.processInfo.activeProcessorCount / ranks, 1)
    return resolved
  }

  /// What to call the dataset.
  var title: String { recipe.data ?? recipe.dataset }

  /// Whether it is a folder of files, not a pack, by what rank 0 sees.
  ///
  /// Collective.
  func isFolder(over world: borrowing Communicator) throws -> Bool {
    guard recipe.dataset == "folder", let data = recipe.data else { return false }
    return try world.broadcast(bytes: [FolderSplits.isFile(data) ? 1 : 0]) == [0]
  }
}
