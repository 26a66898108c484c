import Configuration
import MPI

extension Configuration {
  /// The configuration that rank 0 resolves, on every rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - world: The ranks.
  ///   - resolve: Resolves it, on rank 0 alone.
  /// - Returns: The configuration of rank 0.
  /// - Throws: ``CollectiveError`` if `resolve` throws.
  package static func agreed(
    over world: borrowing Communicator, _ resolve: () throws -> Configuration
  ) throws -> Configuration {
    let text = try world.onRoot { try resolve().yaml() }
    return try Configuration(yaml: world.broadcast(text: text ?? ""), path: "the configuration from rank 0")
  }
}
