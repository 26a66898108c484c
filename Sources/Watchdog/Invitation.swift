import Glibc

/// The addresses, port and token with which other ranks connect to rank 0's watchdog.
public struct Invitation: Codable, Sendable, Equatable {
  /// The longest time, in seconds, to wait for one address to accept a connection, and then for its answer.
  static let patienceSeconds = 2.0

  /// The secret by which a connection is known to belong to the job.
  let token: String
  /// The TCP port, the same on all addresses.
  public let port: Int
  /// The name of rank 0's host.
  public let host: String
  /// All addresses of rank 0's host, with the loopback addresses last.
  public let addresses: [String]

  /// Creates an invitation.
  public init(token: String, port: Int, host: String, addresses: [String]) {
    self.token = token
    self.port = port
    self.host = host
    self.addresses = addresses
  }

  /// Returns true if this host can connect to the address.
  public func answers(at address: String) -> Bool {
    guard let descriptor = connect(to: address, port: port, withinSeconds: Self.patienceSeconds) else { return false }
    close(descriptor)
    return true
  }

  /// Returns the addresses in the order to try; on rank 0's own host, loopback comes first because it always works.
  func addressesToTry(fromHost host: String) -> [String] {
    host == self.host ? addresses.reversed() : addresses
  }
}
