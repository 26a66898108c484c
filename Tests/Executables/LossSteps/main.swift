// Ten steps of a small network with any of the losses, for a comparison with float64 in LossesTests:
//
//     mpirun -np N loss-steps FOLDER SUMMATION CONTRAST-MODE DENOMINATOR POSITIVES-CAP none|joint|stopped
//
// FOLDER holds inputs.npy [rows, 6], labels.npy [rows] and parameters.npy. Prints each step's loss, then the parameters.

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

func run(_ world: borrowing Communicator) throws {
  var mode = LossMode()
  guard arguments.count == 6, let summation = LossMode.Summation(rawValue: arguments[1]),
    let anchors = LossMode.Anchors(rawValue: arguments[2]),
    let denominator = LossMode.Denominator(rawValue: arguments[3])
  else { preconditionFailure("\(arguments)") }
  mode.summation = summation
  mode.anchors = anchors
  mode.denominator = denominator
  mode.positivesCap = Int(arguments[4])

  let labels = try floats("labels").map { label in Int32(label) }
  var training = SmallTraining(mode, parameters: try floats("parameters"), joint: arguments[5], over: world)
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
