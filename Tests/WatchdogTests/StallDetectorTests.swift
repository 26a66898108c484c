import Testing
import Watchdog

/// Verdicts over ranks whose clock the test turns.
struct StallDetectorTests {
  private static let timeout = 30.0

  /// Three ranks on two hosts, heard every second.
  private struct Job {
    var detector = StallDetector(size: 3, timeoutSeconds: StallDetectorTests.timeout)
    var now = 0.0
    var statuses = [RankStatus](
      repeating: RankStatus(collectives: 4, collective: nil, progress: 0, phase: "step 2, forward"), count: 3)

    static func identity(_ rank: Int) -> RankIdentity {
      RankIdentity(rank: rank, host: rank < 2 ? "alpha" : "beta", process: 100 + rank)
    }

    /// Lets time pass; the ranks of `heard` give signs of life, those of `working` have done something each time.
    mutating func pass(_ seconds: Int, working: Set<Int> = [], heard: Set<Int> = [0, 1, 2]) {
      for _ in 0..<seconds {
        now += 1
        for rank in heard {
          if working.contains(rank) {
            statuses[rank].progress += 1
          }
          detector.note(Self.identity(rank), statuses[rank], now: now)
        }
      }
    }

    /// Lets ranks wait in a collective.
    mutating func enter(_ ranks: Int..., collective: String, number: Int = 5) {
      for rank in ranks {
        statuses[rank].collectives = number
        statuses[rank].collective = collective
      }
    }

    var diagnosis: String? { detector.diagnosis(now: now) }
  }

  @Test func progressIsNoStall() {
    var job = Job()
    job.pass(1000, working: [0, 1, 2])
    #expect(job.diagnosis == nil)
    // One rank computes for long, in many pieces, and the others wait for it.
    job.enter(0, 2, collective: "MPI_Allgather")
    job.pass(1000, working: [1])
    #expect(job.diagnosis == nil)
  }

  @Test func theRankBehindIsNamed() throws {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.enter(0, 2, collective: "MPI_Allgather")
    job.pass(29)
    #expect(job.diagnosis == nil)
    job.pass(2)
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("rank 1 on host alpha (process 101), step 2, forward since"))
    #expect(diagnosis.contains("is behind; ranks 0, 2 wait in MPI_Allgather"))
  }

  /// Though another rank goes on computing.
  @Test func aRankThatStandsStillIsFoundAmongBusyOnes() throws {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.pass(31, working: [0, 1])
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("rank 2 on host beta") && !diagnosis.contains("rank 1 on"))
  }

  @Test func silenceIsFound() throws {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.pass(29, working: [0, 1], heard: [0, 1])
    #expect(job.diagnosis == nil)
    job.pass(2, working: [0, 1], heard: [0, 1])
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("no sign of life for 30 s from rank 2 on host beta"))
  }

  @Test func aLostConnectionEndsTheJobAfterAGraceTime() throws {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.detector.noteDisconnect(ofRank: 2, now: job.now)
    job.pass(2, working: [0, 1], heard: [0, 1])
    #expect(job.diagnosis == nil)
    job.pass(1, working: [0, 1], heard: [0, 1])
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("rank 2 on host beta (process 102) ended before its work was done"))
  }

  @Test func aRankThatHasSaidGoodbyeIsNotMissed() {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.detector.noteEnd(ofRank: 2)
    job.detector.noteDisconnect(ofRank: 2, now: job.now)
    job.pass(100, working: [0, 1], heard: [0, 1])
    #expect(job.diagnosis == nil)
  }

  /// Writing to a slow file system takes minutes, and for ever is too long even then.
  @Test func patienceHasAnEnd() throws {
    var job = Job()
    job.statuses[0].allowsSilence = true
    job.statuses[0].phase = "checkpoint"
    job.enter(1, 2, collective: "MPI_Allgather")
    job.pass(800)
    #expect(job.diagnosis == nil)
    job.pass(200)
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("rank 0 on host alpha") && diagnosis.contains("checkpoint"))
  }

  @Test func differentCollectivesAreTold() throws {
    var job = Job()
    job.enter(0, 2, collective: "MPI_Allgather")
    job.enter(1, collective: "MPI_Finalize")
    job.pass(32)
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("rank 1 on host alpha") && diagnosis.contains("MPI_Finalize"))
    #expect(diagnosis.contains("the others wait in MPI_Allgather"))
  }

  @Test func whoIsInAnEarlierCollectiveIsBehind() throws {
    var job = Job()
    job.enter(0, 1, collective: "MPI_Allgather", number: 9)
    job.enter(2, collective: "MPI_Bcast", number: 8)
    job.pass(32)
    let diagnosis = try #require(job.diagnosis)
    #expect(
      diagnosis.contains("rank 2 on host beta") && diagnosis.contains("is behind; ranks 0, 1 wait in MPI_Allgather"))
  }

  @Test func allInOneCollectiveMeansTheNetwork() throws {
    var job = Job()
    job.enter(0, 1, 2, collective: "MPI_Allgather")
    job.pass(32)
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("all ranks wait in the same collective") && diagnosis.contains("host beta"))
  }

  @Test func ranksThatCannotBeHeardAreNamed() throws {
    var job = Job()
    job.enter(0, collective: "MPI_Init", number: 1)
    job.pass(32, heard: [0])
    let diagnosis = try #require(job.diagnosis)
    #expect(diagnosis.contains("ranks 1, 2 cannot be heard yet") && diagnosis.contains("rank 0 on host alpha"))
  }

  /// The suspension of a job or laptop is not a stall.
  @Test func timeInWhichTheWatchdogDidNotRunIsForgiven() {
    var job = Job()
    job.pass(3, working: [0, 1, 2])
    job.now += 500
    job.detector.extendDeadlines(by: 500)
    #expect(job.diagnosis == nil)
  }
}
