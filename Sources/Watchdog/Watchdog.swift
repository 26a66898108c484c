import Dispatch
import Glibc

/// Ends a job in which nothing happens any more, on every host, with a message that names the rank that is behind.
///
///     rank 1's watchdog  ── status ──▶  rank 0's watchdog  ── end ──▶  everyone's
///                        ◀── alive ───
///
/// Each rank has one, on a thread and a TCP connection of its own: it makes no MPI call, so it works while MPI hangs. Until it is
/// connected, from before MPI is initialized, it watches its own rank alone. Where it ends a job, the process exits at once with
/// ``exitCode``, and the launcher ends what is left.
public final class Watchdog: Sendable {
  /// The code with which a job ends that hangs.
  public static let exitCode: Int32 = 70

  private let identity: RankIdentity
  private let size: Int
  private let orders = Orders()
  private let ended = DispatchSemaphore(value: 0)

  /// Begins to watch this rank.
  ///
  /// - Parameters:
  ///   - identity: This rank.
  ///   - size: How many ranks the job has.
  ///   - timeoutSeconds: How long nothing may happen.
  ///   - status: Says what the rank is at; called on the watchdog's thread.
  public init(
    _ identity: RankIdentity, of size: Int, timeoutSeconds: Double, status: @escaping @Sendable () -> RankStatus
  ) {
    self.identity = identity
    self.size = size
    startThread { [orders, ended] in
      let loop = WatchLoop(identity, of: size, timeoutSeconds: timeoutSeconds, orders: orders, status: status)
      loop.run()
      ended.signal()
    }
  }

  /// Opens rank 0's watchdog to those of the other ranks.
  ///
  /// - Parameter port: The port to listen on; 0 for a free one.
  /// - Returns: What the others need to ``join(_:)``.
  /// - Throws: ``WatchdogError`` if the port cannot be had.
  public func open(port: Int = 0) throws(WatchdogError) -> Invitation {
    let listener = try listen(port: port)
    raiseDescriptorLimit(toHold: size)
    let addresses = InterfaceAddress.all()
    let invitation = Invitation(
      token: (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined(), port: listener.port,
      host: identity.host,
      addresses: (addresses.filter { address in !address.isLoopback } + addresses.filter(\.isLoopback)).map(\.address))
    orders.give(.lead(listener: listener.descriptor, token: invitation.token))
    return invitation
  }

  /// Connects this rank's watchdog to rank 0's.
  ///
  /// - Throws: ``WatchdogError`` if none of rank 0's addresses leads to it.
  public func join(_ invitation: Invitation) throws(WatchdogError) {
    for address in invitation.addressesToTry(fromHost: identity.host) {
      guard let descriptor = connect(to: address, port: invitation.port, withinSeconds: Invitation.patienceSeconds)
      else { continue }
      let connection = LineConnection(descriptor)
      connection.send("hello \(invitation.token) \(identity.rank) \(identity.process) \(identity.host)")
      if connection.receiveLine(withinSeconds: Invitation.patienceSeconds) == "welcome" {
        // The thread takes over a duplicate: this one closes with its connection.
        orders.give(.follow(descriptor: dup(descriptor)))
        return
      }
    }
    throw WatchdogError(
      description:
        "rank \(identity.rank) on host \(identity.host) cannot reach rank 0 on host \(invitation.host) by TCP, "
        + "port \(invitation.port) at \(invitation.addresses.joined(separator: ", "))")
  }

  /// Stops watching, when the rank has done its work.
  public func end() {
    orders.give(.end)
    _ = ended.wait(timeout: .now() + .seconds(1))
  }
}

/// Where rank 0's watchdog can be reached.
public struct Invitation: Sendable, Equatable {
  /// How long one address may take to answer.
  static let patienceSeconds = 2.0

  /// What shows that a rank belongs to the job.
  let token: String
  /// The port on all addresses.
  public let port: Int
  /// Rank 0's host.
  public let host: String
  /// All addresses of that host, the loopback ones last.
  public let addresses: [String]

  init(token: String, port: Int, host: String, addresses: [String]) {
    self.token = token
    self.port = port
    self.host = host
    self.addresses = addresses
  }

  /// The invitation as text, to be broadcast.
  public var text: String {
    ([token, "\(port)", host] + addresses).joined(separator: " ")
  }

  /// Reads ``text``; `nil` if it is none.
  public init?(text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count > 3, let port = Int(words[1]) else { return nil }
    self.init(token: words[0], port: port, host: words[2], addresses: Array(words[3...]))
  }

  /// Whether a connection to one of the addresses succeeds from here.
  public func answers(at address: String) -> Bool {
    guard let descriptor = connect(to: address, port: port, withinSeconds: Self.patienceSeconds) else { return false }
    close(descriptor)
    return true
  }

  /// On rank 0's own host the loopback address comes first: it always works.
  func addressesToTry(fromHost host: String) -> [String] {
    host == self.host ? addresses.reversed() : addresses
  }
}
