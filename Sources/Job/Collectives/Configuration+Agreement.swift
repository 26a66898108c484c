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
    let text = try world.onRoot { try resolve().yaml() }
    return try Configuration(yaml: world.broadcast(text: text ?? ""), path: "the configuration from rank 0")
  }
}
