import Configuration
import TestSupport
import Testing
import Training

/// The messages for options that a resumed run cannot change.
struct ResumeRefusalTests {
  @Test func `a folder with a space is quoted where the message gives it to an option`() throws {
    let directory = try TemporaryDirectory()
    let run = directory.file("my run")
    try makeFolder(run)
    try writeBytes(Array("temperature: 0.2\n".utf8), to: "\(run)/config.yaml")
    var overrides = ConfigurationOverrides()
    overrides.give("0.5", for: "temperature")
    let request = TrainingRun.Request(overrides: overrides, output: run, isResuming: true, maximumSeconds: nil)
    let refusal = try #require(try request.refusal(byRunIn: run))
    #expect(refusal.problem.hasPrefix("--temperature 0.5: the run in \(run) was begun with 0.2"), "\(refusal.problem)")
    #expect(refusal.remedy.contains("(--init '\(run)' takes its encoder)"), "\(refusal.remedy)")
  }
}
