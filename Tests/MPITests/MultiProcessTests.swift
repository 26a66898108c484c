import TestSupport
import Testing

/// The checks of `mpi-checks`, which hold their own expectations: here they run on several numbers of ranks.
@Suite(.serialized)
struct MultiProcessTests {
  private func run(_ arguments: [String], ranks: Int) throws -> ProcessResult {
    try runUnderMPI(ranks: ranks, try builtExecutable("mpi-checks"), arguments)
  }

  @Test(arguments: [1, 2, 3, 4, 5])
  func `every collective gives its closed form`(ranks: Int) throws {
    let result = try run(["collectives"], ranks: ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "collectives: passed on \(ranks) ranks")
  }

  @Test(arguments: [1, 2, 3, 4, 7])
  func `the tree gives the bits of a sequential evaluation`(ranks: Int) throws {
    let result = try run(["tree"], ranks: ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "tree: passed on \(ranks) ranks")
  }

  @Test(arguments: [1, 2, 3, 5])
  func `pieces that cross while others are computed give the same bits`(ranks: Int) throws {
    let result = try run(["pieces"], ranks: ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "pieces: passed on \(ranks) ranks")
  }

  @Test(arguments: [(ranks: 4, onHost: 2), (ranks: 6, onHost: 2), (ranks: 6, onHost: 3)], ["tree", "pieces"])
  func `sums inside hosts before those across them give the same bits`(
    job: (ranks: Int, onHost: Int), check: String
  ) throws {
    let result = try run([check, "\(job.onHost)"], ranks: job.ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "\(check): passed on \(job.ranks) ranks")
  }

  @Test(arguments: [1, 2, 3, 5])
  func `groups of shards have the bits of a sequential evaluation`(ranks: Int) throws {
    let result = try run(["groups"], ranks: ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "groups: passed on \(ranks) ranks")
  }

  @Test(arguments: [(ranks: 2, onHost: nil), (ranks: 3, onHost: nil), (ranks: 4, onHost: 2)])
  func `ranks of a host share memory`(job: (ranks: Int, onHost: Int?)) throws {
    let result = try run(["memory"] + (job.onHost.map { ranks in ["\(ranks)"] } ?? []), ranks: job.ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "memory: passed on \(job.ranks) ranks")
  }

  @Test(arguments: [(ranks: 3, onHost: nil), (ranks: 4, onHost: 2)])
  func `a rank that cannot share memory makes its host do without`(job: (ranks: Int, onHost: Int?)) throws {
    let result = try run(["refused"] + (job.onHost.map { ranks in ["\(ranks)"] } ?? []), ranks: job.ranks)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "refused: passed on \(job.ranks) ranks")
  }

  /// Otherwise the data of the tree's checks could not tell one order from another.
  @Test func `the library's own reduction gives other bits on three ranks`() throws {
    let result = try run(["control"], ranks: 3)
    #expect(result.exitCode == 0, "\(result.standardError)")
    let words = result.standardOutput.split(whereSeparator: \.isWhitespace)
    let position = try #require(words.firstIndex(of: "differing"))
    let differing = try #require(Int(words[position + 1]))
    #expect(differing > 0)
  }

  @Test(arguments: [(rank: 0, code: 65), (rank: 2, code: 70)])
  func `a rank that throws ends the job`(rank: Int, code: Int) throws {
    let result = try run(["fail", "\(rank)", "\(code)"], ranks: 3)
    #expect(result.exitCode == Int32(code))
    #expect(result.standardError.contains("rank \(rank): made to fail"))
    #expect(result.elapsedSeconds < 15)
  }

  /// No library is loaded there, so that each collective has a second body.
  @Test(arguments: ["collectives", "tree", "pieces", "groups", "memory"])
  func `without mpirun there is one rank, without a library`(check: String) throws {
    let result = try runProcess(
      try builtExecutable("mpi-checks"), [check], environment: ["SUPCON_MPI_LIBRARY": "libnone.so"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == "\(check): passed on 1 ranks")
  }

  @Test func `a rank without a launcher ends with the code of its error`() throws {
    let result = try runProcess(try builtExecutable("mpi-checks"), ["fail", "0", "65"])
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("rank 0: made to fail"))
  }

  @Test func `a library that cannot be loaded is told in the words of the loader`() throws {
    let result = try runProcess(
      try builtExecutable("mpi-checks"), ["collectives"],
      environment: ["SUPCON_MPI_LIBRARY": "libnone.so", "PMI_RANK": "0", "PMI_SIZE": "1"])
    #expect(result.exitCode != 0)
    #expect((result.standardError + result.standardOutput).contains("MPI_Init_thread failed: libnone.so: cannot open"))
  }

  /// A check that cannot fail would prove nothing.
  @Test func `an unknown check fails`() throws {
    #expect(try run(["none-such"], ranks: 2).exitCode == 1)
  }
}
