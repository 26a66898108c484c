import Configuration
import MPI

extension Configuration {
  /// Resolves the configuration on rank 0 and broadcasts it.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - resolve: Resolves the configuration, on rank 0 only.
  /// - Returns: The configuration of rank 0.
  /// - Throws: ``CollectiveError`` if `resolve` throws.
  package static func agreed(
    over world: borrowing Communicator, _ resolve: () throws -> Configuration
  ) throws -> Configuration {
    try received(world.onRoot(resolve), over: world)
  }

  /// Broadcasts the configuration of rank 0.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - own: The configuration, on rank 0; ignored on other ranks.
  ///   - world: The ranks.
  /// - Returns: The configuration of rank 0.
  /// - Throws: `MPIError` if the ranks cannot agree.
  package static func received(
    _ own: Configuration?, over world: borrowing Communicator
  ) throws -> Configuration {
    try Configuration(yaml: world.broadcast(text: own?.yaml() ?? ""), path: "the configuration from rank 0")
  }
}
