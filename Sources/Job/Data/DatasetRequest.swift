import Configuration
import Datasets
import FoundationEssentials
import Imaging
import MPI

/// Which dataset a tool looks at.
package struct DatasetRequest: Sendable {
  /// The options of a run that say so.
  package var configuration: Configuration
  private var threads: Int?

  /// A request.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - threads: How many threads of each rank take part; `nil` for all cores of this machine, shared by the ranks.
  package init(overrides: ConfigurationOverrides, threads: Int?) {
    var base = Configuration()
    base.dataset = "folder"
    configuration = overrides.applied(to: base)
    self.threads = threads
  }

  /// What is wrong with the options alone, or `nil`.
  package var problem: String? {
    if let problem = threads.flatMap({ threads in Configuration.problem(ofThreads: threads) }) {
      return problem
    }
    if !Configuration.datasetNames.contains(configuration.dataset) {
      return "--dataset \(configuration.dataset): expected one of \(Configuration.datasetNames.joined(separator: ", "))"
    }
    return configuration.dataProblem
  }

  /// The same, with the number of threads resolved.
  package func resolved(ranks: Int) -> DatasetRequest {
    var resolved = self
    resolved.configuration.threads = threads ?? max(ProcessInfo.processInfo.activeProcessorCount / ranks, 1)
    return resolved
  }

  /// What to call the dataset.
  package var title: String { configuration.data ?? configuration.dataset }

  /// Whether it is a folder of files, not a pack, by what rank 0 sees.
  ///
  /// Collective.
  package func isFolder(over world: borrowing Communicator) throws -> Bool {
    guard configuration.dataset == "folder", let data = configuration.data else { return false }
    return try world.broadcast(bytes: [DataPath.isPack(data) ? 1 : 0]) == [0]
  }
}
