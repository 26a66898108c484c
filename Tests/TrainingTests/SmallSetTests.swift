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
    (60, 32, true, "leave --batch-size out (56 in shards of 8), or give e.g. --batch-size 48 --shard-size 8"),
    (
      60, 64, true,
      "leave --batch-size and --shard-size out (56 in shards of 8), or give e.g. --batch-size 48 --shard-size 8"
    ),
    (5, 32, true, "leave --batch-size out (5 in shards of 5)"),
    (60, 32, false, "leave --batch-size out (32 in shards of 32)"),
  ])
  func `a batch larger than the set is answered with one that fits`(
    count: Int, shard: Int, isContrasting: Bool, remedy: String
  ) throws {
    var configuration = (isContrasting ? TrainingCommand.pretrain : .supervised).defaults
    configuration.batches.size = 256
    configuration.batches.shardSize = shard
    let dataset = ShapesDataset(count: count, seed: 0, split: .train)
    let error = #expect(throws: RunError.self) { _ = try configuration.makeSampler(dataset) }
    #expect(error?.problem == "--batch-size 256: the training set has only \(count) samples")
    #expect(error?.remedy == remedy)
    // What is left out is what the defaults are.
    configuration.batches = BatchOptions()
    configuration.resolveDefaults(for: dataset, given: ConfigurationOverrides(), report: .silent)
    #expect(remedy.contains("(\(configuration.batches.size) in shards of \(configuration.batches.shardSize))"))
  }
}
