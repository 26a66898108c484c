/// What a rank is at, as its watchdog sends it to rank 0's.
public struct RankStatus: Sendable, Equatable {
  /// How many collectives the rank has entered: all ranks enter the same ones in the same order.
  public var collectives: Int
  /// The name of the collective that it waits in, if it is in one.
  public var collective: String?
  /// How many pieces of work it has done.
  public var progress: Int
  /// What it is at, in words.
  public var phase: String
  /// The training step, if there is one.
  public var step: Int?
  /// Whether it is at something that shows no progress from within, such as writing a file.
  public var allowsSilence: Bool

  /// A status.
  public init(
    collectives: Int, collective: String?, progress: Int, phase: String, step: Int? = nil, allowsSilence: Bool = false
  ) {
    self.collectives = collectives
    self.collective = collective
    self.progress = progress
    self.phase = phase
    self.step = step
    self.allowsSilence = allowsSilence
  }

  /// Where the rank stands among the others: half a place further when it has left the collective that it entered last.
  var place: Int { 2 * collectives + (collective == nil ? 1 : 0) }

  /// The status as one line; read by ``init(line:)``.
  var line: String {
    "\(collectives) \(progress) \(step ?? -1) \(allowsSilence ? 1 : 0) \(collective ?? "-") \(phase)"
  }

  /// The status that ``line`` wrote; `nil` of anything else.
  init?(line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
    guard words.count == 6, let collectives = Int(words[0]), let progress = Int(words[1]), let step = Int(words[2])
    else { return nil }
    self.init(
      collectives: collectives, collective: words[4] == "-" ? nil : String(words[4]), progress: progress,
      phase: String(words[5]), step: step < 0 ? nil : step, allowsSilence: words[3] == "1")
  }
}

/// One rank of a job, in the words of messages.
public struct RankIdentity: Sendable, Equatable {
  /// Its number.
  public var rank: Int
  /// The name of its host.
  public var host: String
  /// Its process on that host.
  public var process: Int

  /// A rank.
  public init(rank: Int, host: String, process: Int) {
    self.rank = rank
    self.host = host
    self.process = process
  }

  /// Rank, host and process.
  var name: String { "rank \(rank) on host \(host) (process \(process))" }
}
