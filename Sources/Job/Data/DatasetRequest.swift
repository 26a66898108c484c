import Configuration
import Datasets
import FoundationEssentials
import MPI

/// The dataset that a command such as `supcon dataset` reads, as given by options.
package struct DatasetRequest: Sendable {
  /// The configuration that names the dataset.
  package var configuration: Configuration
  private let given: ConfigurationOverrides
  private var threads: Int?

  /// Creates a request from options.
  ///
  /// - Parameters:
  ///   - overrides: The options that were given.
  ///   - threads: The number of threads of each rank; `nil` to divide all cores of this machine among the ranks.
  package init(overrides: ConfigurationOverrides, threads: Int?) {
    var base = Configuration()
    base.data.dataset = .folder
    given = overrides
    configuration = overrides.applied(to: base)
    self.threads = threads
  }

  /// The error message for the first invalid option, found without opening the dataset; `nil` if there is none.
  package var problem: String? {
    if let problem = threads.flatMap({ threads in Configuration.problem(ofThreads: threads) }) {
      return problem
    }
    return (given.problem ?? configuration.dataProblem(given: given))?.description
  }

  /// Returns this request with all cores of this machine divided among the ranks, unless the number of threads was
  /// given.
  package func resolved(ranks: Int) -> DatasetRequest {
    var resolved = self
    resolved.configuration.compute.threads = threads ?? max(ProcessInfo.processInfo.activeProcessorCount / ranks, 1)
    return resolved
  }

  /// The name of the dataset in messages.
  package var title: String { configuration.data.path ?? configuration.data.dataset.rawValue }

  /// Checks on rank 0 that the dataset is a folder, not a pack; returns the same result on every rank.
  ///
  /// Collective.
  package func isFolder(over world: borrowing Communicator) throws -> Bool {
    guard configuration.data.dataset == .folder, let data = configuration.data.path else { return false }
    return try world.rootValue { !DataPath.isPack(data) }
  }
}
