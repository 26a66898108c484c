import Configuration
import Datasets
import Formats
import FoundationEssentials
import Glibc
import Job
import MPI
import ParallelLoops
import Runs

/// The export of the built-in dataset as PNG files, for trying commands that read files.
package enum DatasetSynthesis {
  /// Writes `DIR/train/CLASS/NUMBER.png` and `DIR/test/CLASS/NUMBER.png`; the ranks divide the work.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - output: The path of a folder that is empty or does not exist.
  ///   - counts: The numbers of training and test images.
  ///   - threads: The number of threads of each rank; `nil` to divide all cores of this machine among the ranks.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the file that cannot be written.
  package static func run(
    output: String, counts: (train: Int, test: Int), threads: Int?, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    var configuration = Configuration()
    (configuration.data.shapesTrain, configuration.data.shapesTest) = counts
    let training = try DatasetChoice.open(configuration, .train, over: world, report: report)
    let test = try DatasetChoice.open(configuration, .test, over: world, report: report)
    world.activity.begin("writing images", allowsSilence: true)
    try world.onRoot {
      guard ((try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []).isEmpty else {
        throw RunError(.output, "\(output): is not empty", remedy: "choose another --output")
      }
      for split in ["train", "test"] {
        for name in training.classNames {
          try OutputFolder.create("\(output)/\(split)/\(name)")
        }
      }
    }
    let activity = world.activity
    let threads = threads ?? max(ProcessInfo.processInfo.activeProcessorCount / world.size, 1)
    for (dataset, split) in [(training, "train"), (test, "test")] {
      let own = BlockPartition(total: dataset.count, parts: world.size)[world.rank]
      try world.throwingTogether { try write(dataset, own, to: "\(output)/\(split)", threads: threads, activity) }
    }
    report(
      "\(output): \(counts.train) images to train on, \(counts.test) to test on, in \(training.classNames.count) classes"
    )
  }

  private static func write(
    _ dataset: any ImageDataset, _ numbers: Range<Int>, to folder: String, threads: Int, _ activity: Activity
  ) throws {
    try parallelFor(numbers.count, threads: threads) { place, _ in
      let number = numbers.lowerBound + place
      let path = "\(folder)/\(dataset.classNames[dataset.label(at: number)])/\(String(number, width: 6)).png"
      try write(try dataset.image(at: number).pngBytes(), to: path)
      activity.progressed()
    }
  }

  /// Writes one file, without the flush of ``AtomicFile``: there are thousands, and they can be made again.
  private static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(creating: path, code: errno) }
    defer { close(descriptor) }
    unsafe try writeAll(bytes.span.bytes, to: descriptor, path: path)
  }
}
