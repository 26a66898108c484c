import Job
import Testing

/// The comparison of the hosts' clocks at the start of a job.
struct ClockCheckTests {
  @Test func `clocks that differ are noted with both hosts, others are not`() throws {
    let noon = 1_800_000_000.0
    let found = LaunchChecks.clocks([("a", noon), ("b", noon + 3700), ("c", noon - 20)])
    let finding = try #require(found.first)
    #expect(found.count == 1 && finding.exitCode == nil)
    #expect(finding.problem == "hosts c and b: their clocks differ by 3720 s")
    // The moments at which ranks are asked differ too.
    #expect(LaunchChecks.clocks([("a", noon), ("b", noon + 3), ("c", noon)]).isEmpty)
    #expect(LaunchChecks.clocks([("a", noon)]).isEmpty && LaunchChecks.clocks([]).isEmpty)
  }
}
