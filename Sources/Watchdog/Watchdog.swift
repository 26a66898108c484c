import Dispatch
import Glibc
import ParallelLoops

/// A thread that ends a job without progress, on all hosts, with a message that names the slowest rank.
///
///     rank 1's watchdog  ── status ──▶  rank 0's watchdog  ── end ──▶  all watchdogs
///                        ◀── alive ───
///
/// Each rank has a watchdog with a TCP connection of its own. It makes no MPI calls, so it works while MPI hangs. Until
/// it is connected, beginning before MPI is initialized, it watches only its own rank. To end a job, the process exits
/// at once with ``exitCode``; the launcher or the other watchdogs end the remaining ranks.
public final class Watchdog: Sendable {
  /// The exit code of a job that made no progress.
  public static let exitCode: Int32 = 70

  private let identity: RankIdentity
  private let size: Int
  private let commands = Commands()
  private let ended = DispatchSemaphore(value: 0)

  /// Starts the watchdog of this rank.
  ///
  /// - Parameters:
  ///   - identity: The number, host and process of this rank.
  ///   - size: The number of ranks of the job.
  ///   - timeoutSeconds: The longest time without progress, in seconds.
  ///   - networkOption: The launcher option that selects the network between hosts, recommended if ranks cannot
  ///     connect; `nil` for none.
  ///   - status: Returns the status of the rank; called on the watchdog thread.
  public init(
    _ identity: RankIdentity, of size: Int, timeoutSeconds: Double, networkOption: String? = nil,
    status: @escaping @Sendable () -> RankStatus
  ) {
    self.identity = identity
    self.size = size
    startThread { [commands, ended] in
      let loop = WatchLoop(
        identity, of: size, timeoutSeconds: timeoutSeconds, networkOption: networkOption, commands: commands,
        status: status)
      loop.run()
      ended.signal()
    }
  }

  /// Opens rank 0's watchdog for connections of the other ranks.
  ///
  /// - Parameter port: The port to listen on; 0 for any free port.
  /// - Returns: The argument for ``join(_:)`` on the other ranks.
  /// - Throws: ``WatchdogError`` if the port is not available.
  public func open(port: Int = 0) throws(WatchdogError) -> Invitation {
    let listener = try listen(port: port)
    raiseDescriptorLimit(toHold: size)
    let addresses = InterfaceAddress.all()
    let invitation = Invitation(
      token: (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined(), port: listener.port,
      host: identity.host,
      addresses: (addresses.filter { address in !address.isLoopback } + addresses.filter(\.isLoopback)).map(\.address))
    commands.send(.lead(listener: listener.descriptor, token: invitation.token))
    return invitation
  }

  /// Connects this rank's watchdog to that of rank 0.
  ///
  /// - Throws: ``WatchdogError`` if rank 0 answers on none of its addresses.
  public func join(_ invitation: Invitation) throws(WatchdogError) {
    for address in invitation.addressesToTry(fromHost: identity.host) {
      guard let descriptor = connect(to: address, port: invitation.port, withinSeconds: Invitation.patienceSeconds)
      else { continue }
      let connection = LineConnection(descriptor)
      connection.send("hello \(invitation.token) \(identity.rank) \(identity.process) \(identity.host)")
      if connection.receiveLine(withinSeconds: Invitation.patienceSeconds) == "welcome" {
        // The thread gets a duplicate, because this descriptor is closed together with its connection.
        commands.send(.follow(descriptor: dup(descriptor)))
        return
      }
    }
    throw WatchdogError(
      description:
        "rank \(identity.rank) on host \(identity.host) cannot reach rank 0 on host \(invitation.host) by TCP, "
        + "port \(invitation.port) at \(invitation.addresses.joined(separator: ", "))")
  }

  /// Stops the watchdog when the rank's work is done.
  public func end() {
    commands.send(.end)
    _ = ended.wait(timeout: .now() + .seconds(1))
  }
}
