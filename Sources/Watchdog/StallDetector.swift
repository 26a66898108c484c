/// The status of all ranks as known to rank 0's watchdog, and the decision whether the job still makes progress.
///
/// It uses no threads, sockets or clock: the caller passes the current time in seconds.
public struct StallDetector: Sendable {
  /// The longest time without progress before the job is ended, in seconds.
  public let timeoutSeconds: Double

  /// The longest time without progress, in seconds, in a phase that reports none until its end, such as writing a file.
  private static let patientSeconds = 900.0
  /// The time in seconds between a rank's disconnection and the end of the job, in which the launcher can report how
  /// the rank ended.
  private static let graceSeconds = 3.0
  /// The largest number of ranks that a message names.
  private static let namedRanks = 4

  private struct Member: Sendable {
    let identity: RankIdentity
    var status: RankStatus
    /// The time of the last message from the rank, in seconds of the monotonic clock.
    var heard: Double
    /// The time of the rank's last change of status, in seconds of the monotonic clock.
    var changed: Double
    /// The time at which the rank disconnected without a goodbye, in seconds of the monotonic clock; else `nil`.
    var disconnected: Double?
    var isFinished = false
  }

  private let size: Int
  private var members: [Int: Member] = [:]

  /// Creates a detector for `size` ranks.
  public init(size: Int, timeoutSeconds: Double) {
    self.size = size
    self.timeoutSeconds = timeoutSeconds
  }

  /// Records the status of a rank.
  public mutating func note(_ identity: RankIdentity, _ status: RankStatus, now: Double) {
    guard var member = members[identity.rank] else {
      members[identity.rank] = Member(identity: identity, status: status, heard: now, changed: now)
      return
    }
    if member.status != status {
      member.changed = now
    }
    member.status = status
    member.heard = now
    members[identity.rank] = member
  }

  /// Records that a rank said goodbye because its work is done.
  public mutating func noteEnd(ofRank rank: Int) {
    members[rank]?.isFinished = true
  }

  /// Records that a rank's connection ended without a goodbye.
  public mutating func noteDisconnect(ofRank rank: Int, now: Double) {
    if members[rank]?.disconnected == nil {
      members[rank]?.disconnected = now
    }
  }

  /// Extends all deadlines by the seconds in which this watchdog's process did not run.
  public mutating func extendDeadlines(by seconds: Double) {
    for rank in members.keys {
      members[rank]?.heard += seconds
      members[rank]?.changed += seconds
    }
  }

  /// Returns the error message with the reason to end the job; `nil` while the job makes progress.
  public func diagnosis(now: Double) -> String? {
    let running = members.values.filter { member in !member.isFinished }.sorted { one, other in
      (one.status.place, one.identity.rank) < (other.status.place, other.identity.rank)
    }
    if let gone = running.first(where: { member in
      member.disconnected.map { time in now - time >= Self.graceSeconds } ?? false
    }) {
      return "\(gone.identity.name) ended before its work was done: \(situation(gone, now))"
    }
    let silent = running.filter { member in now - member.heard >= timeoutSeconds }
    if !silent.isEmpty {
      return "no sign of life for \(seconds(timeoutSeconds)) from \(list(silent, now)); "
        + "it was stopped, or its host or the network to it is down"
    }
    // A rank inside a collective waits for others, so only ranks outside are judged by their own progress.
    let stalled = running.filter { member in
      member.status.collective == nil && now - member.changed >= limit(member.status)
    }
    if !stalled.isEmpty {
      let least = stalled.map { member in limit(member.status) }.min() ?? timeoutSeconds
      return "no progress for \(seconds(least)): \(list(stalled, now)) "
        + (stalled.count == 1 ? "is" : "are") + " behind" + waiting(running)
    }
    guard !running.isEmpty,
      running.allSatisfy({ member in member.status.collective != nil && now - member.changed >= timeoutSeconds })
    else { return nil }
    return deadlock(running, now)
  }

  private func limit(_ status: RankStatus) -> Double {
    status.allowsSilence ? max(timeoutSeconds, Self.patientSeconds) : timeoutSeconds
  }

  /// Returns the message for a job in which every rank waits in a collective.
  private func deadlock(_ running: [Member], _ now: Double) -> String {
    let missing = (0..<size).filter { rank in members[rank] == nil }
    let first = running[0].status
    let behind = running.filter { member in member.status.place == first.place }
    if !missing.isEmpty, size > 1 {
      return "no progress for \(seconds(timeoutSeconds)): \(ranks(missing)) cannot be heard yet, and "
        + list(running, now) + " cannot go on"
    }
    if behind.count < running.count {
      return "no progress for \(seconds(timeoutSeconds)): \(list(behind, now)) "
        + (behind.count == 1 ? "is" : "are") + " behind" + waiting(running)
    }
    let kinds = Dictionary(grouping: running) { member in member.status.collective ?? "" }
    if kinds.count > 1, let fewest = kinds.values.min(by: { one, other in one.count < other.count }) {
      return "no progress for \(seconds(timeoutSeconds)): \(list(fewest, now)), but the others wait in "
        + kinds.keys.filter { kind in kind != fewest[0].status.collective }.sorted().joined(separator: ", ")
        + "; were all ranks started with the same program and options?"
    }
    return "no progress for \(seconds(timeoutSeconds)): all ranks wait in the same collective, \(list(running, now)); "
      + "a connection between hosts is down, or the MPI library hangs"
  }

  /// Returns the clause of a message that lists the ranks that wait in a collective for the slowest ranks; empty if
  /// there are none.
  private func waiting(_ running: [Member]) -> String {
    let waiting = running.filter { member in
      member.status.collective != nil && member.status.place > running[0].status.place
    }
    guard let first = waiting.first, let collective = first.status.collective else { return "" }
    return "; \(ranks(waiting.map(\.identity.rank))) \(waiting.count == 1 ? "waits" : "wait") in \(collective)"
  }

  private func list(_ members: [Member], _ now: Double) -> String {
    let named = members.prefix(Self.namedRanks).map { member in
      "\(member.identity.name), \(situation(member, now))"
    }
    let rest = members.count - named.count
    return named.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }

  private func situation(_ member: Member, _ now: Double) -> String {
    let status = member.status
    return status.phase
      + (status.collective.map { collective in ", in \(collective)" } ?? "") + " since \(seconds(now - member.changed))"
  }
}

/// Formats a list of ranks for messages, such as "ranks 0, 2–5".
func ranks(_ numbers: [Int]) -> String {
  var runs: [ClosedRange<Int>] = []
  for number in numbers.sorted() {
    if let last = runs.last, last.upperBound + 1 == number {
      runs[runs.count - 1] = last.lowerBound...number
    } else {
      runs.append(number...number)
    }
  }
  let texts = runs.map { run in
    run.count == 1
      ? "\(run.lowerBound)"
      : run.count == 2
        ? "\(run.lowerBound), \(run.upperBound)"
        : "\(run.lowerBound)–\(run.upperBound)"
  }
  return "rank\(numbers.count == 1 ? "" : "s") \(texts.joined(separator: ", "))"
}

/// Formats a time in whole seconds, or in tenths of seconds below 10 s.
func seconds(_ count: Double) -> String {
  count < 10 ? "\((10 * count).rounded() / 10) s" : "\(Int(count.rounded())) s"
}
