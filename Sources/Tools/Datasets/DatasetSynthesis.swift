import Configuration
import Datasets
import Formats
import FoundationEssentials
import Imaging
import Job
import MPI
import ParallelLoops

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
    report: @escaping (String) -> Void
  ) throws {
    var configuration = Configuration()
    (configuration.data.shapesTrain, configuration.data.shapesTest) = counts
    let training = try DatasetChoice.open(configuration, .train, over: world, report: report)
    let test = try DatasetChoice.open(configuration, .test, over: world, report: report)
    world.activity.begin("writing images", allowsSilence: true)
    try world.onRoot {
      let manager = FileManager.default
      guard ((try? manager.contentsOfDirectory(atPath: output)) ?? []).isEmpty else {
        throw RunError(.output, "\(output): is not empty", remedy: "choose another --output")
      }
      do {
        for split in ["train", "test"] {
          for name in training.classNames {
            try manager.createDirectory(atPath: "\(output)/\(split)/\(name)", withIntermediateDirectories: true)
          }
        }
      } catch {
        throw RunError(.output, "\(output): cannot be created", remedy: "choose another --output")
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
      let bytes = try dataset.image(at: number).pngBytes()
      do {
        try Data(bytes).write(to: URL(filePath: path))
      } catch {
        throw FileError(.inputOutput, "\(path): cannot be written")
      }
      activity.progressed()
    }
  }
}
