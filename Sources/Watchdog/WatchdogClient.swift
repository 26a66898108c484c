/// Another rank's side of its connection to rank 0.
final class WatchdogClient {
  /// What rank 0's watchdog wants.
  enum Message {
    /// Rank 0 has done its work.
    case dismissal
    /// The job has to end.
    case end
    /// The connection has been closed for longer than a launcher needs to end the job.
    case brokenConnection
    /// Nothing new; so long ago rank 0 was heard last.
    case silence(silentSeconds: Double)
  }

  /// Time for the launcher, which knows how rank 0 ended.
  private static let graceSeconds = 3.0

  let connection: LineConnection
  private var heard: Double
  private var lastSign = 0.0
  private var broken: Double?

  init(_ connection: LineConnection, now: Double) {
    self.connection = connection
    heard = now
  }

  /// Leaves out a time in which this process did not run.
  func forgive(_ pause: Double) {
    heard += pause
  }

  /// Tells rank 0 what this rank is at, and hears what it says.
  func takeTurn(_ status: RankStatus, interval: Double, now: Double) -> Message {
    for line in connection.receive() {
      heard = now
      switch line {
      case "end": return .end
      case "bye": return .dismissal
      default: break
      }
    }
    if now - lastSign >= 0.9 * interval {
      lastSign = now
      connection.send(status.line)
    }
    if connection.isClosed {
      broken = broken ?? now
    }
    if let broken, now - broken >= Self.graceSeconds {
      return .brokenConnection
    }
    return .silence(silentSeconds: now - heard)
  }
}
