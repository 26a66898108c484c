import Foundation
import TestSupport
import Testing

/// Ten steps of a small network with each loss, against float64, on several numbers of ranks.
@Suite(.serialized)
struct TrainingStepsTests {
  private static let samples = [0, 1, 2, 0, 0, 1, 2, 2, 0, 1, 1, 2]
  private static let samplesPerShard = 2

  /// The losses of all steps, and the parameters after them.
  private struct Outcome: Equatable {
    var losses: [Double] = []
    var parameters: [Double] = []
  }

  /// Runs `loss-steps` for trainings that begin alike, in one start of the ranks.
  private static func run(_ trainings: [ReferenceTraining], ranks: Int) throws -> [Outcome] {
    let reference = trainings[0]
    let directory = try TemporaryDirectory()
    // From view by view in the batch to view by view in each shard.
    let half = samples.count
    let order = stride(from: 0, to: half, by: samplesPerShard).flatMap { first in
      [0, 1].flatMap { view in (0..<samplesPerShard).map { sample in view * half + first + sample } }
    }
    let inputs = order.flatMap { row in reference.inputs[row * 6..<(row + 1) * 6].map { element in Float(element) } }
    let labels = order.map { row in Float(reference.labels[row]) }
    let parameters = reference.parameters.map { element in Float(element) }
    try PlainNumPy.write(inputs, type: "<f4", shape: [2 * half, 6], to: directory.file("inputs.npy"))
    try PlainNumPy.write(labels, type: "<f4", shape: [2 * half], to: directory.file("labels.npy"))
    try PlainNumPy.write(parameters, type: "<f4", shape: [parameters.count], to: directory.file("parameters.npy"))
    let words = trainings.flatMap { training in
      let variant = training.variant
      return [
        variant.summation, variant.contrastMode, variant.denominator, variant.positivesCap.map(String.init) ?? "none",
        training.joint,
      ]
    }
    let result = try runUnderMPI(ranks: ranks, try builtExecutable("loss-steps"), [directory.path] + words)
    #expect(result.exitCode == 0, "\(result)")
    var outcomes: [Outcome] = []
    var outcome = Outcome()
    for line in result.standardOutput.split(separator: "\n").map({ line in line.split(separator: " ") }) {
      let numbers = line.dropFirst().compactMap { word in Double(word) }
      if line[0] == "loss" {
        outcome.losses += numbers
      } else {
        outcome.parameters = numbers
        outcomes.append(outcome)
        outcome = Outcome()
      }
    }
    try #require(outcomes.count == trainings.count)
    return outcomes
  }

  /// Numbers that float32 holds, so that both begin with the same.
  private static func start(_ variant: ReferenceVariant, joint: String = "none", isSimCLR: Bool = false)
    -> ReferenceTraining
  {
    var numbers = TestNumbers(seed: 11)
    let inputs = (0..<2 * samples.count * 6).map { _ in Double(Float(numbers.normal())) }
    let parameters = (0..<ReferenceTraining.parameterCount).map { _ in Double(Float(0.5 * numbers.normal())) }
    let labels = isSimCLR ? Array(samples.indices) : samples
    return ReferenceTraining(
      inputs: inputs, labels: labels + labels, variant: variant, joint: joint, parameters: parameters)
  }

  /// Trainings with their outcomes on one rank and on three.
  private static func trained(_ trainings: [ReferenceTraining]) -> Result<
    [(ReferenceTraining, Outcome, Outcome)], any Error
  > {
    Result {
      let (alone, three) = (try run(trainings, ranks: 1), try run(trainings, ranks: 3))
      return trainings.indices.map { place in (trainings[place], alone[place], three[place]) }
    }
  }

  private static let variants = ReferenceVariant.all(views: 2, cap: 4)
  private static let simCLRVariants = ["out", "in"].flatMap { summation in
    ["all", "one-positive", "only-negatives"].map { denominator in
      ReferenceVariant(summation: summation, denominator: denominator, views: 2)
    }
  }
  private static let jointKinds = ["joint", "stopped"]

  private static let plain = trained(variants.map { variant in start(variant) })
  private static let simCLR = trained(simCLRVariants.map { variant in start(variant, isSimCLR: true) })
  private static let joint = trained(jointKinds.map { kind in start(ReferenceVariant(views: 2), joint: kind) })

  private func check(_ training: ReferenceTraining, _ alone: Outcome, _ three: Outcome) {
    #expect(alone == three, "\(training.variant)")
    var reference = training
    let losses = (0..<10).map { _ in reference.step() }
    #expect(alone.losses.count == losses.count && alone.parameters.count == reference.parameters.count)
    #expect(largestDifference(alone.losses, losses) < 1e-5, "\(alone.losses), by the definition \(losses)")
    #expect(largestDifference(alone.parameters, reference.parameters) < 1e-5)
    // Ten steps that change nothing would prove nothing.
    #expect(largestDifference(training.parameters, reference.parameters) > 1e-2)
    #expect(losses[9] < losses[0])
  }

  @Test(arguments: variants.indices)
  func `training steps in every variant match float64`(place: Int) throws {
    let (training, alone, three) = try Self.plain.get()[place]
    check(training, alone, three)
  }

  @Test(arguments: simCLRVariants.indices)
  func `training steps of SimCLR match float64`(place: Int) throws {
    let (training, alone, three) = try Self.simCLR.get()[place]
    check(training, alone, three)
  }

  @Test(arguments: jointKinds.indices)
  func `joint training steps with cross-entropy match float64`(place: Int) throws {
    let (training, alone, three) = try Self.joint.get()[place]
    check(training, alone, three)
  }
}
