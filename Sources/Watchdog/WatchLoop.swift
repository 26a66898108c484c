import Glibc

/// What a watchdog's thread does all the time.
final class WatchLoop {
  /// How a rank watches.
  private enum Role {
    /// Its own rank alone, as long as the others cannot be heard.
    case alone
    /// Rank 0: everyone.
    case leading(WatchdogServer)
    /// Another rank: whether rank 0 is there.
    case following(WatchdogClient)
    /// Not any more: rank 0 has said that all is done.
    case dismissed
  }

  private let identity: RankIdentity
  private let size: Int
  private let timeoutSeconds: Double
  /// How often ranks give a sign of life.
  private let interval: Double
  private let orders: Orders
  private let status: @Sendable () -> RankStatus
  private var judge: StallDetector
  private var role = Role.alone

  init(
    _ identity: RankIdentity, of size: Int, timeoutSeconds: Double, orders: Orders,
    status: @escaping @Sendable () -> RankStatus
  ) {
    self.identity = identity
    self.size = size
    self.timeoutSeconds = timeoutSeconds
    interval = min(1, timeoutSeconds / 30)
    self.orders = orders
    self.status = status
    judge = StallDetector(size: size, timeoutSeconds: timeoutSeconds)
  }

  /// Watches until it is told to end.
  func run() {
    var lastTurn = monotonicSeconds()
    while true {
      _ = waitForInput([orders.wake] + descriptors, seconds: interval)
      let now = monotonicSeconds()
      // A turn that took far too long: this process was stopped, or did not get the CPU.
      let pause = now - lastTurn - interval
      if pause > max(2, 2 * interval) {
        forgive(pause)
      }
      lastTurn = now
      for order in orders.take() {
        switch order {
        case .lead(let listener, let token): role = .leading(WatchdogServer(listener: listener, token: token))
        case .follow(let descriptor):
          role = .following(WatchdogClient(LineConnection(descriptor), now: now))
        case .end:
          sayGoodbye()
          return
        }
      }
      takeTurn(now)
    }
  }

  private var descriptors: [Int32] {
    switch role {
    case .alone, .dismissed: []
    case .leading(let leader): leader.descriptors
    case .following(let follower): follower.connection.isClosed ? [] : [follower.connection.descriptor]
    }
  }

  private func takeTurn(_ now: Double) {
    switch role {
    case .alone:
      judge.note(identity, status(), now: now)
      if let reason = judge.verdict(now: now) {
        endJob(reason + advice)
      }
    case .leading(let leader):
      judge.note(identity, status(), now: now)
      leader.takeTurn(&judge, interval: interval, now: now)
      if let reason = judge.verdict(now: now) {
        say(reason)
        leader.tellEveryone("end")
        leave()
      }
    case .following(let follower):
      switch follower.takeTurn(status(), interval: interval, now: now) {
      case .dismissal: role = .dismissed
      case .end:
        // Rank 0 has said why; what it wrote is on its way through the launcher, which ends soon after the first exit.
        leave()
      case .brokenConnection:
        endJob("\(identity.name) has lost rank 0, which ended or whose host or network is down")
      case .silence(let silentSeconds):
        if silentSeconds >= timeoutSeconds {
          endJob(
            "no sign of life for \(seconds(timeoutSeconds)) from rank 0, says \(identity.name): "
              + "rank 0 was stopped, or its host or the network to it is down")
        }
      }
    case .dismissed: break
    }
  }

  /// What is most often the matter where ranks never find each other.
  private var advice: String {
    let networks = InterfaceAddress.all().filter { address in !address.isLoopback && !address.address.contains(":") }
    guard size > 1, networks.count > 1 else { return "" }
    return "; host \(identity.host) has the networks "
      + networks.map { network in "\(network.network) (\(network.interface))" }.joined(separator: ", ")
      + ": where the other ranks run on other hosts, name the one that leads there with "
      + "--mca btl_tcp_if_include NETWORK --mca oob_tcp_if_include NETWORK"
  }

  private func forgive(_ pause: Double) {
    judge.forgive(pause)
    if case .following(let follower) = role {
      follower.forgive(pause)
    }
  }

  private func sayGoodbye() {
    switch role {
    case .alone, .dismissed: break
    case .leading(let leader): leader.tellEveryone("bye")
    case .following(let follower): follower.connection.send("bye")
    }
  }

  private func endJob(_ reason: String) -> Never {
    say(reason)
    leave()
  }

  private func say(_ reason: String) {
    let text = Array("Error: watchdog: \(reason)\n".utf8)
    _ = unsafe write(STDERR_FILENO, text, text.count)
  }

  /// Ends this process without any of the steps that could hang.
  private func leave() -> Never {
    usleep(300_000)
    _exit(Watchdog.exitCode)
  }
}
