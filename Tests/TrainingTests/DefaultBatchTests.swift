import Configuration
import Datasets
import Job
import Testing

/// The defaults that depend on the training set and on the host.
struct DefaultBatchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var command = TrainingCommand.pretrain
    let count: Int
    var given: [String: String] = [:]
    /// The batch, its shards and the learning rate.
    let expected: [Double]

    var testDescription: String { "\(command) of \(count) samples with \(given)" }
  }

  @Test(arguments: [
    Case(count: 6000, expected: [64, 8, 0.035]),
    Case(count: 50_000, expected: [256, 32, 0.1]),
    Case(count: 60, expected: [56, 8, 0.035]),
    Case(command: .supervised, count: 6000, expected: [256, 32, 0.1]),
    // What is given stays, and what belongs to it.
    Case(count: 6000, given: ["learning-rate": "0.1"], expected: [64, 8, 0.1]),
    Case(count: 6000, given: ["batch-size": "256"], expected: [256, 32, 0.1]),
    Case(count: 6000, given: ["shard-size": "32"], expected: [256, 32, 0.1]),
    Case(count: 6000, given: ["optimizer": "adamw"], expected: [64, 8, 0.1]),
    // It is multiplied by 64 / 256 already.
    Case(count: 6000, given: ["scale-learning-rate": "true"], expected: [64, 8, 0.1]),
  ])
  func `a small training set has a smaller batch and a lower learning rate`(_ test: Case) {
    var given = ConfigurationOverrides()
    for (option, value) in test.given { given.give(value, for: option) }
    var configuration = given.applied(to: test.command.defaults)
    var notes: [String] = []
    let dataset = ShapesDataset(count: test.count, seed: 0, split: .train)
    configuration.resolveDefaults(for: dataset, given: given, report: Reporter { _, line in notes.append(line) })
    let (batches, rate) = (configuration.batches, configuration.optimizer.learningRate)
    #expect([Double(batches.size), Double(batches.shardSize), rate] == test.expected)
    #expect(notes.contains { note in note.hasPrefix("learning rate: 0.035") } == (rate == 0.035))
  }

  @Test(arguments: [(nil, true), (300 << 20, false), (400 << 20, true)] as [(Int?, Bool)])
  func `an address space in which nothing can start is refused before the start`(limit: Int?, isFine: Bool) {
    let problem = HostLimits.startProblem(addressSpace: limit)
    #expect((problem == nil) == isFine)
    #expect(problem?.hasPrefix("ulimit -v 307200: ") ?? true)
  }

  @Test(arguments: [(nil, true), (12, false), (64, true)] as [(Int?, Bool)])
  func `a limit of open files in which nothing can start is refused before the start`(limit: Int?, isFine: Bool) {
    let problem = HostLimits.startProblem(openFiles: limit)
    #expect((problem == nil) == isFine)
    #expect(problem?.hasPrefix("ulimit -n 12: ") ?? true)
  }
}
