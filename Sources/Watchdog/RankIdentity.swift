/// The rank, host and process that messages name.
public struct RankIdentity: Sendable, Equatable {
  /// The rank's number.
  public var rank: Int
  /// The name of its host.
  public var host: String
  /// Its process number on that host.
  public var process: Int

  /// Creates an identity.
  public init(rank: Int, host: String, process: Int) {
    self.rank = rank
    self.host = host
    self.process = process
  }

  /// Rank, host and process in one phrase.
  var name: String { "rank \(rank) on host \(host) (process \(process))" }
}
