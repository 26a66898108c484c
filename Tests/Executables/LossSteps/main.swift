// Ten steps of a small network with each of some losses, for a comparison with float64 in LossesTests:
//
//     mpirun -np N loss-steps FOLDER [SUMMATION CONTRAST-MODE DENOMINATOR POSITIVES-CAP none|joint|stopped]…
//
// FOLDER holds inputs.npy [rows, 6], labels.npy [rows] and parameters.npy. Prints each step's loss, then the
// parameters, for one loss after the other; all begin with the same parameters.

import Formats
import Glibc
import Losses
import MPI
import NeuralNet

let arguments = Array(CommandLine.arguments.dropFirst())

/// 12 samples of two views in shards of 2.
let batch = (samples: 12, samplesPerShard: 2, views: 2)

/// Reads a float32 file.
func floats(_ name: String) throws -> [Float] {
  let file = try NumPyFile(path: "\(arguments[0])/\(name).npy")
  return try file.floats(0..<file.shape.reduce(1, *))
}

/// Reads the variant of the first four words.
func lossVariant(_ words: [String]) -> LossVariant {
  var variant = LossVariant()
  guard words.count == 5, let summation = LossVariant.Summation(rawValue: words[0]),
    let anchors = LossVariant.Anchors(rawValue: words[1]), let denominator = LossVariant.Denominator(rawValue: words[2])
  else { preconditionFailure("\(words)") }
  variant.summation = summation
  variant.anchors = anchors
  variant.denominator = denominator
  variant.positivesCap = Int(words[3])
  return variant
}

func run(_ world: borrowing Communicator) throws {
  for first in stride(from: 1, to: arguments.count, by: 5) {
    try train(Array(arguments[first..<min(first + 5, arguments.count)]), over: world)
  }
}

func train(_ words: [String], over world: borrowing Communicator) throws {
  let labels = try floats("labels").map { label in Int32(label) }
  var training = SmallTraining(
    lossVariant(words), parameters: try floats("parameters"), joint: words[4], over: world)
  let inputs = try floats("inputs")
  for _ in 0..<10 {
    let loss = try training.step(inputs: inputs, labels: labels, over: world)
    if world.isRoot {
      print("loss \(loss)")
    }
  }
  if world.isRoot {
    print("parameters", training.parameters.map { parameter in "\(parameter)" }.joined(separator: " "))
  }
}

do {
  try withMPI(run) { error, rank in
    print("rank \(rank): \(error)")
    return 1
  }
} catch {
  print("\(error)")
  exit(2)
}
