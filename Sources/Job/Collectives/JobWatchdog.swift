import Configuration
import Glibc
import MPI
import Runs
import Watchdog

/// The watchdog of one rank, which ends the job if ranks make no progress; active from before MPI's initialization
/// until its finalization.
package final class JobWatchdog: Sendable {
  /// The settings of the watchdog; they are not part of the configuration, so that no run stores them.
  package struct Settings: Sendable {
    /// The time without progress after which the job ends, in seconds; 0 for no limit.
    package var timeoutSeconds = 300.0
    /// The TCP port on which rank 0's watchdog listens; 0 for a free one.
    package var port = 0

    /// Creates the default settings.
    package init() {}

    /// The error message for the first setting out of range; `nil` if there is none.
    package var problem: String? {
      guard timeoutSeconds == 0 || (timeoutSeconds >= 1 && timeoutSeconds < 1e7) else {
        let limit = timeoutSeconds >= 1 ? "below 10000000" : "at least 1"
        return "--stall-timeout \(plain(timeoutSeconds)): expected seconds, \(limit), or 0 to wait for ever"
      }
      return (0...65535).contains(port) ? nil : "--watchdog-port \(port): expected 1 to 65535, or 0 for a free one"
    }
  }

  /// The progress counter that the watchdog observes, to be passed to `withMPI`.
  package let activity = Activity()

  private let settings: Settings
  private let watchdog: Watchdog?

  /// Starts the watchdog of this rank.
  ///
  /// - Parameters:
  ///   - settings: The watchdog settings.
  ///   - rank: The number of this rank, from the launcher's environment variables.
  ///   - size: The number of ranks, from the launcher's environment variables.
  package init(_ settings: Settings, rank: Int, of size: Int) {
    self.settings = settings
    guard settings.timeoutSeconds > 0 else {
      watchdog = nil
      return
    }
    watchdog = Watchdog(
      RankIdentity(rank: rank, host: hostName(), process: Int(getpid())), of: size,
      timeoutSeconds: settings.timeoutSeconds,
      networkOption: MPILibrary.isNeeded ? LauncherOptions.current.network("NETWORK", "INTERFACE") : nil
    ) { [activity] in
      let snapshot = activity.snapshot
      return RankStatus(
        collectives: snapshot.collectives, collective: snapshot.collective?.function, progress: snapshot.progress,
        phase: snapshot.phase, allowsSilence: snapshot.allowsSilence)
    }
  }

  /// Connects the watchdogs of all ranks to that of rank 0.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if a rank cannot reach rank 0.
  package func connect(over world: borrowing Communicator) throws {
    guard let watchdog, world.size > 1 else { return }
    let invitation = try world.rootValue { () throws -> Invitation in
      do {
        return try watchdog.open(port: settings.port)
      } catch {
        throw RunError(
          .inputOutput, "--watchdog-port \(settings.port): host \(hostName()): \(error)",
          remedy: "choose another port, or 0")
      }
    }
    try world.throwingTogether {
      guard !world.isRoot else { return }
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

  /// Ends the watchdog; called when MPI is finalized.
  package func end() {
    watchdog?.end()
  }
}
