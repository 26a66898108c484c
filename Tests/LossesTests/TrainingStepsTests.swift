import Foundation
import TestSupport
import Testing

/// Ten steps of a small network with each loss, against float64, on several numbers of ranks.
@Suite(.serialized)
struct TrainingStepsTests {
  private static let samples = [0, 1, 2, 0, 0, 1, 2, 2, 0, 1, 1, 2]
  private static let samplesPerShard = 2

  /// Runs `loss-steps` on the reference's start.
  private func run(_ reference: ReferenceTraining, ranks: Int) throws -> (losses: [Double], parameters: [Double]) {
    let directory = try TemporaryDirectory()
    // From view by view in the batch to view by view in each shard.
    let half = Self.samples.count
    let order = stride(from: 0, to: half, by: Self.samplesPerShard).flatMap { first in
      [0, 1].flatMap { view in (0..<Self.samplesPerShard).map { sample in view * half + first + sample } }
    }
    let inputs = order.flatMap { row in reference.inputs[row * 6..<(row + 1) * 6].map { element in Float(element) } }
    let labels = order.map { row in Float(reference.labels[row]) }
    let parameters = reference.parameters.map { element in Float(element) }
    try PlainNumPy.write(inputs, type: "<f4", shape: [2 * half, 6], to: directory.file("inputs.npy"))
    try PlainNumPy.write(labels, type: "<f4", shape: [2 * half], to: directory.file("labels.npy"))
    try PlainNumPy.write(parameters, type: "<f4", shape: [parameters.count], to: directory.file("parameters.npy"))
    let mode = reference.mode
    let result = try runUnderMPI(
      ranks: ranks, try builtExecutable("loss-steps"),
      [
        directory.path, mode.summation, mode.contrastMode, mode.denominator,
        mode.positivesCap.map(String.init) ?? "none", reference.joint,
      ])
    #expect(result.exitCode == 0, "\(result)")
    let words = result.standardOutput.split(separator: "\n").map { line in line.split(separator: " ") }
    let losses = words.filter { line in line[0] == "loss" }.compactMap { line in Double(line[1]) }
    return (losses, words.last.map { line in line.dropFirst().compactMap { word in Double(word) } } ?? [])
  }

  /// Numbers that float32 holds, so that both begin with the same.
  private func start(_ mode: ReferenceMode, joint: String = "none", isSimCLR: Bool = false) -> ReferenceTraining {
    var numbers = TestNumbers(seed: 11)
    let inputs = (0..<2 * Self.samples.count * 6).map { _ in Double(Float(numbers.normal())) }
    let parameters = (0..<ReferenceTraining.parameterCount).map { _ in Double(Float(0.5 * numbers.normal())) }
    let samples = isSimCLR ? Array(Self.samples.indices) : Self.samples
    return ReferenceTraining(
      inputs: inputs, labels: samples + samples, mode: mode, joint: joint, parameters: parameters)
  }

  private func check(_ training: ReferenceTraining) throws {
    let alone = try run(training, ranks: 1)
    let three = try run(training, ranks: 3)
    #expect(alone.losses == three.losses && alone.parameters == three.parameters)
    var reference = training
    let losses = (0..<10).map { _ in reference.step() }
    #expect(largestDifference(alone.losses, losses) < 1e-5, "\(alone.losses), by the definition \(losses)")
    #expect(largestDifference(alone.parameters, reference.parameters) < 1e-5)
    // Ten steps that change nothing would prove nothing.
    #expect(largestDifference(training.parameters, reference.parameters) > 1e-2)
    #expect(losses[9] < losses[0])
  }

  @Test(arguments: ReferenceMode.all(views: 2, cap: 4))
  func `training steps in every mode match float64`(mode: ReferenceMode) throws {
    try check(start(mode))
  }

  @Test(arguments: ["out", "in"], ["all", "one-positive", "only-negatives"])
  func `training steps of SimCLR match float64`(summation: String, denominator: String) throws {
    try check(start(ReferenceMode(summation: summation, denominator: denominator, views: 2), isSimCLR: true))
  }

  @Test(arguments: ["joint", "stopped"])
  func `joint training steps with cross-entropy match float64`(joint: String) throws {
    try check(start(ReferenceMode(views: 2), joint: joint))
  }
}
