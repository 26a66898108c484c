import Glibc

/// The loop that a watchdog thread runs.
final class WatchLoop {
  /// The role of this rank's watchdog.
  private enum Role {
    /// Watches only its own rank, until the watchdogs are connected.
    case alone
    /// On rank 0: watches all ranks.
    case server(WatchdogServer)
    /// On other ranks: reports to rank 0 and watches it.
    case client(WatchdogClient)
    /// Does nothing, because rank 0 has finished.
    case shutDown
  }

  private let identity: RankIdentity
  private let size: Int
  private let timeoutSeconds: Double
  /// The interval between status messages in seconds.
  private let interval: Double
  private let networkOption: String?
  private let commands: Commands
  private let status: @Sendable () -> RankStatus
  private var detector: StallDetector
  private var role = Role.alone

  init(
    _ identity: RankIdentity, of size: Int, timeoutSeconds: Double, networkOption: String?, commands: Commands,
    status: @escaping @Sendable () -> RankStatus
  ) {
    self.identity = identity
    self.size = size
    self.timeoutSeconds = timeoutSeconds
    interval = min(1, timeoutSeconds / 30)
    self.networkOption = networkOption
    self.commands = commands
    self.status = status
    detector = StallDetector(size: size, timeoutSeconds: timeoutSeconds)
  }

  /// Runs until the thread receives the command to end.
  func run() {
    var lastTurn = monotonicSeconds()
    while true {
      _ = waitForInput([commands.wakePipe] + descriptors, seconds: interval)
      let now = monotonicSeconds()
      // If the loop took much longer than the interval, this process was suspended or did not get a CPU.
      let pause = now - lastTurn - interval
      if pause > max(2, 2 * interval) {
        extendDeadlines(by: pause)
      }
      lastTurn = now
      for command in commands.take() {
        switch command {
        case .lead(let listener, let token): role = .server(WatchdogServer(listener: listener, token: token))
        case .follow(let descriptor):
          role = .client(WatchdogClient(LineConnection(descriptor), now: now))
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
    case .alone, .shutDown: []
    case .server(let server): server.descriptors
    case .client(let client): client.connection.isClosed ? [] : [client.connection.descriptor]
    }
  }

  private func takeTurn(_ now: Double) {
    switch role {
    case .alone:
      detector.note(identity, status(), now: now)
      if let reason = detector.diagnosis(now: now) {
        endJob(reason + advice)
      }
    case .server(let server):
      detector.note(identity, status(), now: now)
      server.takeTurn(&detector, interval: interval, now: now)
      if let reason = detector.diagnosis(now: now) {
        say(reason)
        server.broadcast("end")
        leave()
      }
    case .client(let client):
      switch client.takeTurn(status(), interval: interval, now: now) {
      case .shutdown: role = .shutDown
      case .end:
        // Rank 0 has reported the cause; the launcher needs time to forward its line, because it ends soon after the
        // first exit.
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
    case .shutDown: break
    }
  }

  /// Advice about the most frequent reason why ranks cannot connect to each other; empty if it does not apply.
  private var advice: String {
    let networks = InterfaceAddress.all().filter { address in !address.isLoopback && !address.address.contains(":") }
    guard size > 1, networks.count > 1, let networkOption else { return "" }
    return "; host \(identity.host) has the networks "
      + networks.map { network in "\(network.network) (\(network.interface))" }.joined(separator: ", ")
      + ": where the other ranks run on other hosts, name the one that leads there with \(networkOption)"
  }

  private func extendDeadlines(by pause: Double) {
    detector.extendDeadlines(by: pause)
    if case .client(let client) = role {
      client.extendDeadlines(by: pause)
    }
  }

  private func sayGoodbye() {
    switch role {
    case .alone, .shutDown: break
    case .server(let server): server.broadcast("bye")
    case .client(let client): client.connection.send("bye")
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

  /// Ends this process without any operation that could hang.
  private func leave() -> Never {
    usleep(300_000)
    _exit(Watchdog.exitCode)
  }
}
