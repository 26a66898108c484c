/// The rank, host and process by which messages identify a rank.
public struct RankIdentity: Sendable, Equatable {
  /// The number of the rank.
  public var rank: Int
  /// The name of the rank's host.
  public var host: String
  /// The rank's process ID on its host.
  public var process: Int

  /// Creates an identity.
  public init(rank: Int, host: String, process: Int) {
    self.rank = rank
    self.host = host
    self.process = process
  }

  /// Rank, host and process as text.
  var name: String { "rank \(rank) on host \(host) (process \(process))" }
}
