import Configuration
import Foundation
import Sweeps
import Testing

/// Options that are deleted from the file of a sweep after its runs have begun.
struct GivenOptionsTests {
  /// Returns the error for the only run of a sweep, which was begun with some options of the file and goes on with
  /// others; `isStored` is false for a run of an earlier version.
  private func refusal(begunWith begun: String, now: String, isStored: Bool = true) throws -> RunError? {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func run(_ options: String) throws -> SweepFile.Run {
      try SweepFile(yaml: "options: {\(options)}\nruns: [{seed: 7}]", path: "s.yaml").runs[0]
    }
    let (first, second) = (try run(begun), try run(now))
    let path = "\(folder)/seed-7"
    let options = GivenOptions(ofRunIn: path)
    if isStored { try options.store(first) }
    #expect(options.refusal(of: second, in: "s.yaml") == nil, "a run that has not begun")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    var configuration = first.overrides.applied(to: TrainingCommand.pretrain.defaults)
    // As where a run is opened.
    configuration.compute.precision = configuration.compute.precision ?? .float32
    configuration.model.stem = configuration.model.stem ?? .cifar
    try configuration.yaml().write(
      toFile: "\(path)/config.yaml", atomically: true, encoding: .utf8)
    // A run that has begun keeps what is stored.
    if isStored { try options.store(second) }
    return options.refusal(of: second, in: "s.yaml")
  }

  @Test(arguments: [
    ("temperature: 0.25, epochs: 3", "epochs: 3", "temperature", "0.25"),
    ("epochs: 3, batch-size: 64", "batch-size: 64", "epochs", "3"),
    ("weight-average: 0.5, epochs: 3", "epochs: 3", "weight-average", "0.5"),
    // A resumed run may change it, but would keep it.
    ("steps: 2, epochs: 3", "epochs: 3", "steps", "2"),
    // The default of the table, in place of which a new run on a small training set gets another.
    ("batch-size: 256, epochs: 3", "epochs: 3", "batch-size", "256"),
    ("learning-rate: 0.1, epochs: 3", "epochs: 3", "learning-rate", "0.1"),
  ])
  func `an option that is not given any more is named with its value`(
    begun: String, now: String, option: String, value: String
  ) throws {
    let error = try #require(try refusal(begunWith: begun, now: now))
    #expect(error.exitCode == .configuration)
    #expect(error.problem.hasPrefix("s.yaml: gives no \(option) any more, but the run in "), "\(error)")
    #expect(error.problem.hasSuffix("/seed-7 was begun with \(value), which it keeps"), "\(error)")
    #expect(error.remedy == "put the option back there, or give the sweep another --output")
    #expect(try refusal(begunWith: begun, now: now, isStored: false) == nil)
  }

  @Test(arguments: [
    ("epochs: 3", "epochs: 3"), ("epochs: 3", "epochs: 3, temperature: 0.25"),
    // Not needed: the value is the default.
    ("epochs: 100, momentum: 0.9", "momentum: 0.9"),
    ("dataset: cifar10, data: c, batch-size: 256", "dataset: cifar10, data: c"),
    // What a run makes of it stands in its file.
    ("precision: auto, stem: auto, epochs: 3", "epochs: 3"),
    // The results do not depend on it.
    ("threads: 2", ""),
  ])
  func `a run whose options are the same goes on`(begun: String, now: String) throws {
    #expect(try refusal(begunWith: begun, now: now) == nil)
  }
}
