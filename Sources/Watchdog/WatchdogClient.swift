/// The connection to rank 0's watchdog on any other rank.
final class WatchdogClient {
  /// The result of one iteration of the watchdog's loop.
  enum Message {
    /// Rank 0 has finished.
    case shutdown
    /// Rank 0 requests the end of the job.
    case end
    /// The connection has been closed for longer than a launcher needs to end the job.
    case brokenConnection
    /// No message has arrived; the time in seconds since the last one.
    case silence(silentSeconds: Double)
  }

  /// The time in seconds in which the launcher can report how rank 0 ended.
  private static let graceSeconds = 3.0

  let connection: LineConnection
  private var heard: Double
  private var lastSign = 0.0
  private var broken: Double?

  init(_ connection: LineConnection, now: Double) {
    self.connection = connection
    heard = now
  }

  /// Extends all deadlines by the seconds in which this watchdog's process did not run.
  func extendDeadlines(by pause: Double) {
    heard += pause
  }

  /// Sends this rank's status, and reads rank 0's messages.
  func takeTurn(_ status: RankStatus, interval: Double, now: Double) -> Message {
    for line in connection.receive() {
      heard = now
      switch line {
      case "end": return .end
      case "bye": return .shutdown
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
