import Glibc

/// The addresses, port and token with which other ranks connect to rank 0's watchdog.
public struct Invitation: Sendable, Equatable {
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

  init(token: String, port: Int, host: String, addresses: [String]) {
    self.token = token
    self.port = port
    self.host = host
    self.addresses = addresses
  }

  /// The invitation as a string to broadcast: token, port, host name and addresses, separated by spaces.
  public var text: String {
    ([token, "\(port)", host] + addresses).joined(separator: " ")
  }

  /// Creates an invitation from a string in the format of ``text``: token, port, host name, addresses.
  ///
  /// Returns `nil` if the string has fewer than four words or its port is not a number.
  public init?(text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count > 3, let port = Int(words[1]) else { return nil }
    self.init(token: words[0], port: port, host: words[2], addresses: Array(words[3...]))
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
