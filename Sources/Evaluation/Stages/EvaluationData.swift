import Configuration
import Datasets
import Glibc
import ImageCodecs
import Imaging
import Inference
import Job
import MPI
import Runs
import WeightExchange

/// The data and the classifier that an evaluation measures, opened and checked before any work is done.
struct EvaluationData {
  /// The fraction of a transfer dataset's training images that are held out for testing if there are no test images.
  private static let heldOutFraction = 0.2
  /// The default number of neighbors (`--neighbors`).
  private static let defaultNeighbors = 20

  /// The labeled images to which test images are compared (the neighbors of k-NN).
  let training: any ImageDataset
  /// The program, data and weights behind the result.
  let origin: ResultOrigin
  /// The images that are classified.
  let test: any ImageDataset
  /// The split of these images: validation if test was asked for and there are no test images.
  let split: Split
  /// The number k of neighbors that vote.
  let neighbors: Int
  /// The run's classifier; `nil` if it has none for the classes of the test images.
  let classifier: RunClassifier?
  /// The outliers for out-of-distribution detection, images of another dataset; `nil` for none.
  let outliers: (any ImageDataset)?
  /// The source of corrupted test images; `nil` for none.
  let corruptions: CorruptionSource?
  /// The folder of the result in the run directory.
  let resultFolder: String
  /// False if the run directory is read-only; the result is then only printed.
  let isStored: Bool

  /// Opens the datasets and the classifier that a request names.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - encoder: The encoder of the run.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming what is missing or wrong.
  init(
    _ request: EvaluationStage.Request, _ encoder: FrozenEncoder, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    let configuration = encoder.configuration
    let samples = request.transfer ?? configuration
    let place: ResultPlace
    if let transfer = request.transfer {
      let opened = try Self.naming("transfer") {
        try Self.transferred(transfer, request, encoder, over: world, report: report)
      }
      (training, test, split) = (opened.training, opened.test, opened.split)
      place = ResultPlace(
        .raw, of: .other(name: Self.transferName(transfer) + request.weights.suffix),
        step: encoder.isLatest ? nil : encoder.state.step,
        identity: opened.identity)
      resultFolder = try Self.transferFolder(place, request, over: world, report: report)
    } else {
      let opened = try encoder.openData(for: request.stage, testing: request.split, over: world, report: report)
      (training, resultFolder, place) = (opened.training, opened.resultFolder, opened.place)
      (test, split) = (opened.tested.dataset, opened.tested.split)
    }
    origin = ResultOrigin(of: samples, identity: place.identity)
    try world.agreeOnSamples(of: training, samples)
    try world.agreeOnSamples(of: test, samples)
    neighbors = try Self.neighbors(request, of: training, report: report)
    let clean = test
    outliers = try Self.naming("ood") {
      try Self.outliers(request, configuration.data.sixteenBit, like: clean, over: world, report: report)
    }
    classifier =
      request.features == .encoder && request.transfer == nil
      ? try Self.classifier(request, encoder, place, of: test, over: world, report: report) : nil
    corruptions = try request.corruptions.map { name in try CorruptionSource(name, like: clean, over: world) }
    let folder = resultFolder
    isStored = try world.onRoot { try Self.makeFolder(folder, request, report) } ?? false
  }

  /// Opens a dataset; errors name its option, such as `--transfer-data` for the word `transfer`, in place of `--data`.
  private static func naming<Result>(_ word: String, _ open: () throws -> Result) throws -> Result {
    do {
      return try open()
    } catch let agreed as CollectiveError {
      throw CollectiveError(error: agreed.error.namingData(of: word))
    }
  }

  // MARK: - Another dataset

  /// Returns the training and test images of another dataset, with the view size and normalization of the run's
  /// encoder.
  private static func transferred(
    _ configuration: Configuration, _ request: EvaluationStage.Request, _ encoder: FrozenEncoder,
    over world: borrowing Communicator, report: Reporter
  ) throws -> (training: any ImageDataset, test: any ImageDataset, split: Split, identity: [String: JSONValue]) {
    let preprocessing = try ImagePreprocessing.known(encoder.configuration, run: request.run)
    var configuration = configuration
    // Known beforehand, so that images of a folder are not decoded to find them.
    configuration.data.imageSize = preprocessing.viewSize.width
    configuration.data.mean = preprocessing.normalization.mean
    configuration.data.standardDeviation = preprocessing.normalization.standardDeviation
    configuration.data.sixteenBit = preprocessing.sixteenBit
    configuration.compute.threads = request.threads
    func adapted(_ dataset: any ImageDataset) -> any ImageDataset {
      Renormalized(original: dataset, viewSize: preprocessing.viewSize, normalization: preprocessing.normalization)
    }
    let opened = try DatasetChoice.openSplit(configuration, .train, over: world, report: report)
    let training = opened.dataset
    let contents = try DatasetContents(of: training, configuration, over: world).text
    func identity(_ fingerprint: String?, _ testContents: String?) -> [String: JSONValue] {
      ResultPlace.identity(
        dataset: configuration.data.dataset.rawValue, fingerprint: opened.fingerprint, contents: contents,
        testFingerprint: fingerprint, testContents: testContents)
    }
    do {
      let test = try DatasetChoice.openSplit(configuration, .test, over: world, report: report)
      let testContents = try DatasetContents(of: test.dataset, configuration, split: test.split, over: world).text
      return (adapted(training), adapted(test.dataset), test.split, identity(test.fingerprint, testContents))
    } catch let agreed as CollectiveError
      where agreed.error.exitCode == .missing && configuration.data.dataset == .folder
    {
      let parts = training.heldOut(fraction: heldOutFraction)
      guard parts.validation.count > 0 else {
        throw CollectiveError(error: nothingHeldOut(of: training, configuration))
      }
      report.note(
        "\(configuration.data.path ?? ""): has no test images: tested on \(parts.validation.count) of its \(training.count) images, held out by class"
      )
      return (adapted(parts.training), adapted(parts.validation), .validation, identity("held-out", nil))
    }
  }

  /// Returns the error for a transfer dataset without test images whose classes are too small to hold images out.
  private static func nothingHeldOut(of training: any ImageDataset, _ configuration: Configuration) -> RunError {
    let least = (2...).first { count in HeldOutSplit.heldOutCount(of: count, fraction: heldOutFraction) > 0 } ?? 2
    return RunError(
      .missing,
      "\(configuration.data.path ?? ""): has no test images, and no class with enough of its \(counted(training.count, "training image")) to hold some out",
      remedy: "give --transfer-data a dataset with test images, or with at least \(least) images of a class")
  }

  /// Returns the name of another dataset in that of the result's folder, such as `cifar100` or `flowers`.
  private static func transferName(_ configuration: Configuration) -> String {
    configuration.data.dataset == .folder ? configuration.nameOfData : configuration.data.dataset.rawValue
  }

  /// Returns the name of the result's folder for another dataset, such as `transfer-cifar100`; the same on every rank.
  ///
  /// Collective.
  private static func transferFolder(
    _ place: ResultPlace, _ request: EvaluationStage.Request, over world: borrowing Communicator, report: Reporter
  ) throws -> String {
    let wanted = place.wantedFolder(of: "transfer")
    let folder = try world.rootValue { place.folder(of: "transfer", in: RunDirectory(path: request.run)) }
    if folder != wanted {
      report.note("results go to \(request.run)/\(folder), as \(wanted) has those of other data")
    }
    return folder
  }

  // MARK: - The run's own

  /// Opens the dataset of outliers, read as the run's images; `nil` if none is asked for.
  private static func outliers(
    _ request: EvaluationStage.Request, _ sixteenBit: SixteenBit?, like test: any ImageDataset,
    over world: borrowing Communicator, report: Reporter
  ) throws -> (any ImageDataset)? {
    guard var configuration = request.outliers else { return nil }
    configuration.data.sixteenBit = sixteenBit
    func open(_ split: Split) throws -> any ImageDataset {
      Renormalized(
        original: try DatasetChoice.open(configuration, split, needsLabels: false, over: world, report: report),
        viewSize: test.viewSize, normalization: test.normalization)
    }
    do {
      return try open(.test)
    } catch let agreed as CollectiveError where agreed.error.exitCode == .missing {
      // Any images will do: a folder without splits has training images only.
      do {
        return try open(.train)
      } catch let other as CollectiveError where other.error.exitCode == .missing {
        throw agreed
      }
    }
  }

  /// Reads the run's classifier; `nil` if it has none for the classes of the test images and no option needs one.
  private static func classifier(
    _ request: EvaluationStage.Request, _ encoder: FrozenEncoder, _ place: ResultPlace, of test: any ImageDataset,
    over world: borrowing Communicator, report: Reporter
  ) throws -> RunClassifier? {
    let found = try RunClassifier(of: encoder, run: request.run, place: place, over: world, report: report)
    let difference = try found?.difference(from: test.classNames, of: "the dataset", run: request.run, over: world)
    if let found, difference == nil {
      return found
    }
    let other = difference.map { text in " (\(text))" } ?? ""
    let reason = "\(request.run) has no classifier of these classes\(other)"
    let command = ClassifierFile.trainingCommand(
      run: request.run, data: request.data, checkpoint: encoder.isLatest ? nil : request.checkpoint,
      weights: encoder.weights)
    let remedy = "train one with \(command)"
    let option =
      request.corruptions.map { name in "--corruptions \(name)" } ?? (request.hasMirrorTest ? "--tta mirror" : nil)
    if let option {
      throw CollectiveError(error: RunError(.missing, "\(option): \(reason)", remedy: remedy))
    }
    report.note("\(reason): \(remedy) to see its accuracy and calibration")
    return nil
  }

  /// Returns the number of neighbors: the given one, else the default, or the number of training samples if that is
  /// smaller.
  ///
  /// - Throws: ``CollectiveError`` if the given number exceeds the number of training samples.
  private static func neighbors(
    _ request: EvaluationStage.Request, of training: any ImageDataset, report: Reporter
  ) throws(CollectiveError) -> Int {
    let count = training.count
    guard let neighbors = request.neighbors else {
      if count < defaultNeighbors {
        report.note(
          "\(counted(count, "neighbor")) in place of \(defaultNeighbors), as the training set has no more samples"
        )
      }
      return min(defaultNeighbors, count)
    }
    guard neighbors <= count else {
      throw CollectiveError(
        error: RunError(
          .usage, "--neighbors \(neighbors): the training set has only \(counted(count, "sample"))",
          remedy: "give fewer"))
    }
    return neighbors
  }

  /// Creates the result's folder in the run directory.
  ///
  /// - Returns: False if the run is read-only.
  private static func makeFolder(
    _ folder: String, _ request: EvaluationStage.Request, _ report: Reporter
  ) throws -> Bool {
    guard unsafe access(request.run, W_OK) == 0 else {
      report.note("\(request.run) cannot be written to; the result is printed only")
      return false
    }
    try RunDirectory(path: request.run).prepareResult(in: folder)
    return true
  }
}
