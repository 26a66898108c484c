import Configuration
import Datasets
import ImageCodecs
import Imaging
import Job
import KeyedRandomness
import MPI
import Runs

/// The training and test images that a report uses.
struct StudiedSets {
  /// All training images, or an evenly spaced selection of them.
  let training: any ImageDataset
  /// All test images, or an evenly spaced selection of them; training images if there are no test images.
  let test: any ImageDataset
  /// The name of the split of ``test`` in sentences: test, validation or training.
  let testName: String
  /// True if ``test`` has training images.
  let isTraining: Bool
  /// The images that are in both sets.
  let shared: SharedImages
  /// Notes about images that are not used.
  let notes: [String]
  /// The height and width of the encoder's input.
  let viewSize: ImageSize

  private static let trainingLimit = 50_000
  private static let testLimit = 10_000

  /// Opens the dataset of a run.
  ///
  /// Collective.
  init(_ configuration: Configuration, of run: String, over world: borrowing Communicator, report: Reporter) throws {
    var notes: [String] = []
    let opened = try DatasetChoice.openSplit(configuration, .train, needsLabels: false, over: world, report: report)
    let training = opened.dataset
    var test = training
    var name = Split.train.title
    var isTraining = false
    do {
      let tested = try DatasetChoice.openSplit(configuration, .test, needsLabels: false, over: world, report: report)
      (test, name) = (tested.dataset, tested.split.title)
      if world.isRoot, tested.split == .validation,
        let warning = RunDirectory(path: run).warning(
          ofHeldOut: configuration.data, fingerprint: opened.fingerprint, training.classNames, own: configuration.data)
      {
        notes.append("\(warning).")
      }
    } catch let error as CollectiveError {
      isTraining = true
      notes.append(
        training.hasLabels
          ? "There are no test images, so training images stand for them: \(error.error.problem)."
          : "The images have no labels, as they are not in folders of classes: the report has no accuracies and no confusions. Training images stand for test images"
            + (error.error.exitCode == .missing ? "." : ": \(error.error.problem).")
      )
    }
    (testName, self.isTraining) = (name, isTraining)
    shared =
      isTraining
      ? SharedImages(queryLimit: Self.testLimit, searchedLimit: Self.trainingLimit, of: training.count)
      : SharedImages()
    self.training = Self.evenly(training, Self.trainingLimit)
    self.test = Self.evenly(test, Self.testLimit)
    if training.count > Self.trainingLimit || test.count > Self.testLimit {
      notes.append(
        "Of \(training.count) training and \(test.count) \(name) images, \(self.training.count) and \(self.test.count) evenly spaced ones are used here."
      )
    }
    self.notes = notes
    viewSize = configuration.viewSize(of: training)
  }

  /// Returns the whole dataset, or `limit` evenly spaced samples of it.
  static func evenly(_ dataset: any ImageDataset, _ limit: Int) -> any ImageDataset {
    dataset.count <= limit
      ? dataset : DatasetSubset(dataset, evenlySpaced(limit, below: dataset.count).map { sample in Int32(sample) })
  }

  /// Returns the indices of up to `limit` samples: the first of each class, then the second of each class, and so on.
  static func ofManyClasses(_ dataset: any ImageDataset, _ limit: Int) -> [Int] {
    var ranks = [Int](repeating: 0, count: max(dataset.classNames.count, 1))
    let ranked = evenlySpaced(2000, below: dataset.count).map { sample -> (rank: Int, label: Int, sample: Int) in
      let label = dataset.label(at: sample)
      defer { ranks[label] += 1 }
      return (ranks[label], label, sample)
    }
    return ranked.sorted { one, other in (one.rank, one.label) < (other.rank, other.label) }.prefix(limit).map(\.sample)
  }
}

extension ImageDataset {
  /// Returns an image with the preprocessing of evaluation.
  func shownImage(at sample: Int, _ size: ImageSize) throws -> RGBImage {
    var stream = RandomStream(seed: 0, .augmentation, epoch: 0, sample: sample, view: 0)
    return Augmentation.none.image(
      of: try image(at: sample), size: size, &stream, workspace: AugmentationWorkspace())
  }

  /// Returns the name of an image's class; `nil` for images without labels.
  func className(at sample: Int) -> String? { hasLabels ? classNames[label(at: sample)] : nil }
}
