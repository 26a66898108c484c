import Configuration
import Formats
import Job
import MPI
import NeuralNet
import Runs

/// A dump of one step's inputs and results as files (`--dump-step`), with the same bytes on any number of ranks.
///
///     views/shard-0000.png          one column for each sample of the shard, one row for each view
///     samples.npy                   [samples]; indices in the dataset
///     labels.npy                    [rows]; a shard's rows are view 0 of all its samples, then view 1, and so on
///     representations.npy           [rows, features]
///     embeddings.npy                [rows, width]; rows of unit length
///     anchor-losses.npy             [rows]; the loss is their mean over the anchors times a constant factor
///     embedding-gradients.npy       [rows, width]
///     gradients/NAME.npy            for each parameter, as passed to the optimizer
struct StepDump {
  /// The output folder, created if it does not exist.
  let folder: String

  /// Creates the output folder and its subfolders.
  func makeFolders() throws(RunError) {
    for path in [folder, "\(folder)/views", "\(folder)/gradients"] {
      try OutputFolder.create(path, option: "folder for --dump-step")
    }
  }

  /// Writes the last step into the folders created by ``makeFolders()``.
  ///
  /// Collective; rank 0 writes.
  ///
  /// - Parameters:
  ///   - step: The training step that was run.
  ///   - batch: The samples of the step.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` if a file cannot be written.
  func write(_ step: TrainingStep, _ batch: GlobalBatch, over world: borrowing Communicator) throws {
    let content = try step.dumpedContent(of: batch, over: world)
    try world.onRoot {
      for (index, image) in content.images.enumerated() {
        let bytes = try image.pngBytes()
        try AtomicFile.write(to: "\(folder)/views/shard-\(String(index, width: 4)).png") { (file) throws(FileError) in
          unsafe try file.append(bytes.span.bytes)
        }
      }
      for array in content.arrays {
        try array.write(to: "\(folder)/\(array.name).npy")
      }
    }
  }
}

/// One array of a dump: name, shape and elements.
struct DumpedArray {
  /// The elements of the array in row-major order.
  enum Elements {
    case floats([Float])
    case doubles([Double])
    case integers([Int32])
  }

  let name: String
  let shape: [Int]
  let elements: Elements

  /// Writes the array as a `.npy` file.
  func write(to path: String) throws(FileError) {
    let type =
      switch elements {
      case .floats: "<f4"
      case .doubles: "<f8"
      case .integers: "<i4"
      }
    try NumPyWriter.write(to: path, elementType: type, shape: shape) { append throws(FileError) in
      switch elements {
      case .floats(let elements): unsafe try append(elements.span.bytes)
      case .doubles(let elements): unsafe try append(elements.span.bytes)
      case .integers(let elements): unsafe try append(elements.span.bytes)
      }
    }
  }
}
