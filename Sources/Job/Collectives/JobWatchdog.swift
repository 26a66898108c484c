import Configuration
import Glibc
import MPI
import Runs
import Watchdog

/// The watchdog of one rank: from before MPI is initialized until it is finalised.
package final class JobWatchdog: Sendable {
  /// How a job is watched: not part of what is trained, so no run remembers it.
  package struct Settings: Sendable {
    /// After how long without progress the job ends; 0 for never.
    package var timeoutSeconds = 300.0
    /// The port that rank 0 listens on; 0 for a free one.
    package var port = 0

    /// The defaults.
    package init() {}

    /// What is wrong with the options alone, or `nil`.
    package var problem: String? {
      guard timeoutSeconds == 0 || (timeoutSeconds >= 1 && timeoutSeconds < 1e7) else {
        return "--stall-timeout \(timeoutSeconds): expected seconds, at least 1, or 0 to wait for ever"
      }
      return (0...65535).contains(port) ? nil : "--watchdog-port \(port): expected 1 to 65535, or 0 for a free one"
    }
  }

  /// What the rank does, to be given to `withMPI`.
  package let activity = Activity()

  private let settings: Settings
  private let watchdog: Watchdog?

  /// Begins to watch a rank.
  ///
  /// - Parameters:
  ///   - settings: How.
  ///   - rank: Its number, as the launcher says.
  ///   - size: How many ranks there are, as the launcher says.
  package init(_ settings: Settings, rank: Int, of size: Int) {
    self.settings = settings
    guard settings.timeoutSeconds > 0 else {
      watchdog = nil
      return
    }
    watchdog = Watchdog(
      RankIdentity(rank: rank, host: hostName(), process: Int(getpid())), of: size,
      timeoutSeconds: settings.timeoutSeconds, networkOption: LauncherOptions.current.network("NETWORK", "INTERFACE")
    ) { [activity] in
      let snapshot = activity.snapshot
      return RankStatus(
        collectives: snapshot.collectives, collective: snapshot.collective?.function, progress: snapshot.progress,
        phase: snapshot.phase, allowsSilence: snapshot.allowsSilence)
    }
  }

  /// Connects all ranks' watchdogs to rank 0's.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if a rank cannot reach rank 0.
  package func connect(over world: borrowing Communicator) throws {
    guard let watchdog, world.size > 1 else { return }
    let text = try world.onRoot { () throws -> String in
      do {
        return try watchdog.open(port: settings.port).text
      } catch {
        throw RunError(
          .inputOutput, "--watchdog-port \(settings.port): host \(hostName()): \(error); choose another port, or 0")
      }
    }
    let invitation = Invitation(text: try world.broadcast(text: text ?? ""))
    try world.throwingTogether {
      guard !world.isRoot, let invitation else { return }
      do {
        try watchdog.join(invitation)
      } catch {
        throw RunError(
          .inputOutput,
          "\(error): let that port through with --watchdog-port PORT, or do without the watchdog with --stall-timeout 0"
        )
      }
    }
  }

  /// Stops watching; called when MPI is finalised.
  package func end() {
    watchdog?.end()
  }
}
