import Configuration
import Datasets
import Job
import MPI
import Runs

extension FrozenEncoder {
  /// Opens the training set and the images to test on, and chooses the folder in the run directory for the result of a
  /// stage such as `evaluate`.
  ///
  /// A result for other data or for an earlier checkpoint gets a folder of its own and never replaces the result for
  /// the run's data. Data are different if their fingerprint (the hash of file and class names) or their contents
  /// (``DatasetContents``) differ from the run's; the same files at another path are the same data.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - stage: The name of the folder for the run's own data and latest checkpoint.
  ///   - split: The split that the stage tests on.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The training set, the images to test on, the folder's name, such as `evaluation`, `evaluation-average`,
  ///   `evaluation-flowers` or `evaluation-step-1200`, and the place of results of other stages.
  /// - Throws: ``CollectiveError`` naming the missing or damaged file.
  func openData(
    for stage: String, testing split: Split, over world: borrowing Communicator,
    report: Reporter
  ) throws -> (
    training: any ImageDataset, tested: DatasetChoice.OpenedSplit, resultFolder: String, place: ResultPlace
  ) {
    let data = configuration.data
    let training = try DatasetChoice.openSplit(configuration, .train, over: world, report: report)
    let contents = try DatasetContents(of: training.dataset, configuration, over: world)
    let tested = try DatasetChoice.openSplit(configuration, split, over: world, report: report)
    let testContents = try DatasetContents(of: tested.dataset, configuration, split: tested.split, over: world)
    let identity = ResultPlace.identity(
      dataset: data.dataset.rawValue, fingerprint: training.fingerprint, contents: contents.text,
      testFingerprint: tested.fingerprint, testContents: testContents.text)
    let (isValidation, step) = (split == .validation, isLatest ? nil : state.step)
    let plain = ResultPlace(weights, isValidation: isValidation, step: step)
    let own = plain.ownFolder(of: stage)
    let images: ResultPlace.Images
    if training.fingerprint != data.fingerprint || contents.change != nil {
      images = .other(name: configuration.nameOfData)
    } else if try hasOtherTest(than: identity, split, recordedIn: plain.wantedFolder(of: stage), over: world) {
      images = .ownWithOtherTest(name: configuration.nameOfData)
    } else {
      images = .own
    }
    let place = ResultPlace(weights, isValidation: isValidation, of: images, step: step, identity: identity)
    let wanted = place.wantedFolder(of: stage)
    let folder = try world.rootValue { place.folder(of: stage, in: RunDirectory(path: run)) }
    if folder != own {
      let change = training.fingerprint == data.fingerprint ? contents.change.map { text in " (\(text))" } ?? "" : ""
      let reason =
        switch images {
        case .own: "step \(state.step) is an earlier checkpoint"
        case .ownWithOtherTest: "the \(tested.split.title) images of \(data.path ?? "") are not those of the run"
        case .other: "\(data.path ?? "") is not the data of the run\(change)"
        }
      let others = folder == wanted ? "" : ", as \(wanted) has those of other data"
      report.note("\(reason): results go to \(run)/\(folder)\(others); those in \(run)/\(own) are kept")
    } else {
      try world.onRoot {
        if place.isOfOtherImages("\(run)/\(own)/summary.json") {
          report.note("\(run)/\(own): was measured on images that have changed since, and is replaced")
        }
      }
    }
    if world.isRoot, tested.split == .validation,
      let warning = RunDirectory(path: run).warning(
        ofHeldOut: data, fingerprint: training.fingerprint, training.dataset.classNames, own: data)
    {
      report.warn(warning)
    }
    return (training.dataset, tested, folder, place)
  }

  /// Returns true if the images to test on are others than the run's own: than those where the run found them or, if
  /// they are gone, than those of an earlier result.
  ///
  /// Collective.
  private func hasOtherTest(
    than identity: [String: JSONValue], _ split: Split, recordedIn folder: String, over world: borrowing Communicator
  ) throws -> Bool {
    // Without --data they are the run's own, whatever they are now.
    guard let formerData else { return false }
    var configuration = configuration
    configuration.data = formerData
    do {
      let training = try DatasetChoice.openSplit(configuration, .train, over: world, report: .silent)
      let change = try DatasetContents(of: training.dataset, configuration, over: world).change
      guard training.fingerprint == formerData.fingerprint, change == nil else {
        return try hasOtherTest(than: identity, recordedIn: folder, over: world)
      }
      let own = try DatasetChoice.openSplit(configuration, split, over: world, report: .silent)
      let contents = try DatasetContents(of: own.dataset, configuration, split: own.split, over: world)
      return ResultPlace.haveOtherTests(
        identity,
        ResultPlace.identity(
          dataset: "", fingerprint: nil, contents: nil, testFingerprint: own.fingerprint, testContents: contents.text))
    } catch is CollectiveError {
      return try hasOtherTest(than: identity, recordedIn: folder, over: world)
    }
  }

  /// Returns true if an earlier result was measured on other images.
  ///
  /// Collective.
  private func hasOtherTest(
    than identity: [String: JSONValue], recordedIn folder: String, over world: borrowing Communicator
  ) throws -> Bool {
    try world.rootValue {
      ResultPlace.haveOtherTests(identity, JSONValue.fields(ofFile: "\(run)/\(folder)/summary.json") ?? [:])
    }
  }
}
