import Configuration
import Datasets
import Job
import Testing

/// Messages about training sets of few images.
struct SmallSetTests {
  @Test(arguments: [
    (0.01, [20, 20, 20], "--validation-fraction 0.01: holds out none of 20 images a class; give at least 0.05"),
    (0.02, [12, 20], "--validation-fraction 0.02: holds out none of 12 to 20 images a class; give at least 0.05"),
    (0.01, [30], "--validation-fraction 0.01: holds out none of 30 images a class; give at least 0.034"),
    (
      0.9, [1, 1],
      "--validation-fraction 0.9: holds out none of 1 image a class; give more images, or leave the option out"
    ),
  ])
  func `a fraction that holds out no image is refused, and the one that is named is not`(
    fraction: Double, counts: [Int], message: String
  ) throws {
    let problem = HeldOutFraction.problem(fraction, ofClasses: counts)
    #expect(problem?.description == message)
    guard let named = message.split(separator: " ").last.flatMap({ word in Double(word) }) else { return }
    #expect(HeldOutFraction.problem(named, ofClasses: counts) == nil)
    let most = try #require(counts.max())
    #expect(HeldOutSplit.positions(ofClass: 0, count: most, fraction: named).count > 0)
  }

  @Test(arguments: [
    (
      60, true,
      "leave --batch-size and --shard-size out (56 in shards of 8), or give e.g. --batch-size 48 --shard-size 8"
    ),
    (5, true, "leave --batch-size and --shard-size out (5 in shards of 5), or give e.g. --batch-size 4 --shard-size 2"),
    (
      60, false,
      "leave --batch-size and --shard-size out (32 in shards of 32), or give e.g. --batch-size 32 --shard-size 16"
    ),
    (1, true, "add images"),
  ])
  func `a batch larger than the set is answered with one that fits`(
    count: Int, isContrasting: Bool, remedy: String
  ) throws {
    var configuration = (isContrasting ? TrainingCommand.pretrain : .supervised).defaults
    configuration.batches.size = 256
    let dataset = ShapesDataset(count: count, seed: 0, split: .train)
    let error = #expect(throws: RunError.self) { _ = try configuration.makeSampler(dataset, ranks: 1) }
    #expect(
      error?.problem.hasPrefix("--batch-size 256: the training set has only \(count == 1 ? "one" : "\(count)")") == true
    )
    #expect(error?.remedy == remedy)
  }

  /// Gives options to a training and returns the error of its batches, as a start of the program finds it.
  private func problem(
    _ command: TrainingCommand, _ options: [String: String], _ dataset: any ImageDataset, ranks: Int
  ) -> RunError? {
    var given = ConfigurationOverrides()
    for (option, value) in options { given.give(value, for: option) }
    given.give("\(dataset.count)", for: "shapes-train")
    var configuration = given.applied(to: command.defaults)
    if let problem = command.problem(configuration, given: given, ranks: ranks) { return problem }
    configuration.resolveDefaults(for: dataset, given: given, report: .silent)
    if let problem = configuration.batches.problem(ranks: ranks) { return problem }
    do throws(RunError) {
      _ = try configuration.makeSampler(dataset, ranks: ranks)
      return nil
    } catch {
      return error
    }
  }

  /// The options and ranks of each alternative that a remedy names.
  private func alternatives(
    _ remedy: String, _ options: [String: String], ranks: Int
  ) -> [(options: [String: String], ranks: Int)] {
    remedy.split(separator: ", or ").compactMap { text in
      var tried = options
      var most = ranks
      if text.contains("leave --batch-size and --shard-size out") {
        (tried["batch-size"], tried["shard-size"]) = (nil, nil)
      }
      if let count = text.firstMatch(of: /at most (\d+) rank/).flatMap({ match in Int(match.1) }) { most = count }
      for match in text.matches(of: /--(batch-size|shard-size|classes-per-batch) (\d+)/) {
        tried[String(match.1)] = String(match.2)
      }
      if let size = text.firstMatch(of: /choose (\d+)/) { tried["batch-size"] = String(size.1) }
      if text.contains("K can be 1") { tried["batch-norm"] = "shards:1" }
      return tried == options && most == ranks ? nil : (tried, most)
    }
  }

  @Test(arguments: [
    ["batch-size": "256"], ["batch-size": "100"], ["batch-size": "300", "shard-size": "48"], ["shard-size": "48"],
    ["batch-size": "20"], ["batch-size": "20", "shard-size": "8"], ["batch-size": "512", "batch-norm": "shards:3"],
    ["batch-size": "4096", "batch-norm": "global"], ["shard-size": "64"], ["batch-size": "7", "shard-size": "20"], [:],
    ["batch-size": "64", "shard-size": "16", "sampler": "balanced", "classes-per-batch": "10"],
    ["batch-size": "320", "shard-size": "32", "sampler": "balanced", "classes-per-batch": "5"],
    ["batch-size": "8000", "sampler": "fixed-labels"], ["sampler": "balanced", "classes-per-batch": "4"],
    ["sampler": "balanced"], ["batch-size": "12", "shard-size": "4", "sampler": "balanced", "classes-per-batch": "30"],
  ])
  func `what messages about batches advise works`(options: [String: String]) throws {
    var tried = 0
    for command in [TrainingCommand.pretrain, .supervised] {
      for count in [2, 3, 7, 20, 31, 60, 64, 150, 257, 6000] {
        let dataset = ShapesDataset(count: count, seed: 0, split: .train)
        for ranks in [1, 2, 3, 8] {
          guard let problem = problem(command, options, dataset, ranks: ranks) else { continue }
          let found = "\(command) \(options) of \(count) images on \(ranks) ranks: \(problem)"
          let alternatives = alternatives(problem.remedy, options, ranks: ranks)
          #expect(!alternatives.isEmpty || problem.remedy.contains("add images"), "\(found)")
          for (options, ranks) in alternatives {
            let next = self.problem(command, options, dataset, ranks: ranks)
            #expect(next == nil, "\(found); tried \(options) on \(ranks) ranks: \(next?.description ?? "")")
          }
          tried += alternatives.count
        }
      }
    }
    #expect(tried > 0)
  }
}
