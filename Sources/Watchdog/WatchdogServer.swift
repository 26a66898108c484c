/// The connections to the watchdogs of all other ranks, on rank 0.
final class WatchdogServer {
  private let listener: LineListener
  private let token: String
  private var unknown: [LineConnection] = []
  private var members: [(identity: RankIdentity, connection: LineConnection)] = []
  private var lastSign = 0.0

  init(listener: Int32, token: String) {
    self.listener = LineListener(listener)
    self.token = token
  }

  /// The file descriptors of the listener and of all connections, to wait for input.
  var descriptors: [Int32] {
    [listener.descriptor] + unknown.map(\.descriptor) + members.map(\.connection.descriptor)
  }

  /// Reads all messages, and tells the other ranks that rank 0 is alive.
  func takeTurn(_ detector: inout StallDetector, interval: Double, now: Double) {
    while let connection = listener.accept() {
      unknown.append(connection)
    }
    greet(&detector, now)
    hear(&detector, now)
    if now - lastSign >= 0.9 * interval {
      lastSign = now
      broadcast("alive")
    }
  }

  /// Sends a line to all other ranks.
  func broadcast(_ line: String) {
    for member in members {
      member.connection.send(line)
    }
  }

  /// Accepts new connections that send the job's token, and closes others.
  private func greet(_ detector: inout StallDetector, _ now: Double) {
    var waiting: [LineConnection] = []
    for connection in unknown {
      let lines = connection.receive()
      guard let hello = lines.first else {
        if !connection.isClosed {
          waiting.append(connection)
        }
        continue
      }
      let words = hello.split(separator: " ", maxSplits: 4).map(String.init)
      guard words.count == 5, words[0] == "hello", words[1] == token, let rank = Int(words[2]),
        let process = Int(words[3])
      else { continue }
      let identity = RankIdentity(rank: rank, host: words[4], process: process)
      detector.note(identity, RankStatus(collectives: 0, collective: nil, progress: 0, phase: "start"), now: now)
      connection.send("welcome")
      members.append((identity, connection))
    }
    unknown = waiting
  }

  private func hear(_ detector: inout StallDetector, _ now: Double) {
    var staying: [(identity: RankIdentity, connection: LineConnection)] = []
    for member in members {
      var isFinished = false
      for line in member.connection.receive() {
        if line == "bye" {
          isFinished = true
          detector.noteEnd(ofRank: member.identity.rank)
        } else if let status = RankStatus(line: line) {
          detector.note(member.identity, status, now: now)
        }
      }
      if isFinished {
        continue
      }
      if member.connection.isClosed {
        detector.noteDisconnect(ofRank: member.identity.rank, now: now)
      } else {
        staying.append(member)
      }
    }
    members = staying
  }
}
