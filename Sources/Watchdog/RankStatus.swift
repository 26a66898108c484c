/// The status of a rank that its watchdog sends to rank 0's watchdog.
public struct RankStatus: Sendable, Equatable {
  /// The number of collectives that the rank has entered; all ranks enter the same collectives in the same order.
  public var collectives: Int
  /// The name of the collective that the rank is in; `nil` if it is in none.
  public var collective: String?
  /// The number of pieces of work that the rank has completed.
  public var progress: Int
  /// The rank's current phase, for messages.
  public var phase: String
  /// True if the phase reports no progress until its end, such as writing a file.
  public var allowsSilence: Bool

  /// Creates the status of a rank.
  public init(collectives: Int, collective: String?, progress: Int, phase: String, allowsSilence: Bool = false) {
    self.collectives = collectives
    self.collective = collective
    self.progress = progress
    self.phase = phase
    self.allowsSilence = allowsSilence
  }

  /// The rank's position in the sequence of collectives: 2n inside the n-th, 2n + 1 after it.
  var place: Int { 2 * collectives + (collective == nil ? 1 : 0) }

  /// The status as a line: collectives, progress, 1 if silence is allowed (else 0), collective or `-`, and the phase.
  var line: String { "\(collectives) \(progress) \(allowsSilence ? 1 : 0) \(collective ?? "-") \(phase)" }

  /// Creates a status from a line in the format of ``line``.
  ///
  /// Returns `nil` if the line has fewer than five fields or its first two are not numbers.
  init?(line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    guard words.count == 5, let collectives = Int(words[0]), let progress = Int(words[1]) else { return nil }
    self.init(
      collectives: collectives, collective: words[3] == "-" ? nil : String(words[3]), progress: progress,
      phase: String(words[4]), allowsSilence: words[2] == "1")
  }
}
