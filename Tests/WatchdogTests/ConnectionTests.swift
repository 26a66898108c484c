import Testing
import Watchdog

/// Watchdogs of several ranks in one process, over the loopback interface; what ends a process is tested in
/// SupconTests.
struct ConnectionTests {
  private func watchdog(_ rank: Int, of size: Int = 2, host: String = "here") -> Watchdog {
    Watchdog(RankIdentity(rank: rank, host: host, process: 1), of: size, timeoutSeconds: 60) {
      RankStatus(collectives: 1, collective: nil, progress: 0, phase: "test")
    }
  }

  @Test(arguments: ["here", "elsewhere"])
  func ranksJoin(host: String) throws {
    let leader = watchdog(0)
    let invitation = try leader.open()
    let follower = watchdog(1, host: host)
    try follower.join(invitation)
    follower.end()
    leader.end()
  }

  @Test func aStrangerIsNotLetIn() throws {
    let leader = watchdog(0)
    let invitation = try leader.open()
    let forged = Invitation(
      token: "0123", port: invitation.port, host: invitation.host, addresses: invitation.addresses)
    let stranger = watchdog(1)
    #expect(throws: WatchdogError.self) { try stranger.join(forged) }
    stranger.end()
    leader.end()
  }

  @Test func nobodyListening() throws {
    let leader = watchdog(0)
    let invitation = try leader.open()
    leader.end()
    let follower = watchdog(1)
    let error = #expect(throws: WatchdogError.self) { try follower.join(invitation) }
    #expect(error?.description.contains("rank 1 on host here cannot reach rank 0 on host here") == true)
    follower.end()
  }

  @Test func aPortThatIsTaken() throws {
    let first = watchdog(0)
    let second = watchdog(0)
    let port = try first.open().port
    let error = #expect(throws: WatchdogError.self) { try second.open(port: port) }
    #expect(error?.description.contains("port \(port)") == true)
    first.end()
    second.end()
  }
}
