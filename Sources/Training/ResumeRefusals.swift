import Configuration
import Datasets
import Formats
import ImagePacks
import Runs

/// The errors for runs that cannot be resumed, or not as a request asks for it.
enum ResumeRefusals {
  /// Returns the error for a path of `--resume` without a run, with the run that was probably meant.
  static func noRun(in path: String) -> RunError {
    RunError(
      .missing, "--resume: \(path) holds no run",
      remedy: (FolderNames.run(like: path).map { run in "did you mean \(run)? To" } ?? "to")
        + " begin a run there, give its --dataset (or --config, --recipe) too")
  }

  /// Returns the error for a path of `--extend-epochs` without a run.
  static func noRun(in path: String, toExtendTo epochs: Int) -> RunError {
    RunError(
      .missing, "--extend-epochs \(epochs): \(path) holds no run to train on",
      remedy: "check the path; for a new run give --epochs \(epochs)")
  }

  /// Returns the error for a finished run that was emptied of its checkpoints.
  static func noCheckpoints(in directory: RunDirectory) -> RunError {
    let encoder = directory.encoderPath(of: .raw).shellQuoted
    return RunError(
      .missing, "\(directory.path): is finished, and its checkpoints are gone",
      remedy: "put them back, or begin a new run with another --output (--init \(encoder))")
  }

  /// Returns the error for what a command cannot resume, imported weights or a run of another command; else `nil`.
  static func problem(
    ofResuming directory: RunDirectory, _ configuration: Configuration, with command: TrainingCommand
  ) -> RunError? {
    if directory.isImported {
      return RunError(
        .configuration, "--resume: \(directory.path) holds imported weights, which were not trained here",
        remedy: "begin a run with them: --init \(directory.path.shellQuoted) and another --output")
    }
    guard configuration.command != command else { return nil }
    return RunError(
      .configuration, "\(directory.path): holds a run of supcon \(configuration.command.rawValue)",
      remedy: "continue it with that command")
  }

  /// Returns the error for more ranks than the shards of a run; `nil` if there are enough, or if the request asks for
  /// other shards, which is an error of its own.
  static func problem(ofRanks ranks: Int, _ configuration: Configuration, resuming old: Configuration) -> RunError? {
    let shards = old.batches.shardCount
    guard ranks > shards, configuration.batches == old.batches else { return nil }
    return RunError(
      .usage,
      "\(counted(ranks, "rank")) for the \(counted(shards, "shard")) of this run, which a resumed run cannot change",
      remedy: "start at most \(counted(shards, "rank"))")
  }

  /// Returns the error for another dataset than that of a run; `nil` if it is the same.
  static func otherDataset(
    _ configuration: Configuration, resuming old: Configuration, _ request: TrainingRun.Request, run: String
  ) -> RunError? {
    OptionDifference(of: "dataset", configuration.data.dataset.rawValue, from: old.data.dataset.rawValue)
      .map { difference in conflict(difference, request, run: run) }
  }

  /// Returns the error for an option value that a resumed run cannot change; names the recipe or file with it, if any.
  static func conflict(_ difference: OptionDifference, _ request: TrainingRun.Request, run: String) -> RunError {
    let (option, asked) = (difference.option, difference.asked)
    let source = request.overrides.source(of: option)
    let place = source.map { source in "\(source): gives \(option) \(asked), but" } ?? "--\(option) \(asked):"
    let others = "or begin a new run with another --output (--init \(run.shellQuoted) takes its encoder)"
    return RunError(
      .configuration,
      "\(place) the run in \(run) was begun with \(difference.own ?? "its default"), which a resumed run cannot change",
      remedy: source.map { source in
        // The file of a sweep is what the sweep consists of.
        source.hasPrefix("--")
          ? "leave out \(source), as a resumed run has its own options, \(others)"
          : "put the former value back there, or give the sweep another --output"
      }
        ?? (option == "epochs" && request.extendedEpochs == nil
          ? "to train longer give --extend-epochs \(asked) instead, \(others)" : "leave the option out, \(others)"))
  }

  /// Returns the error for a dataset whose images differ from those with which the run was begun.
  static func otherImages(
    _ dataset: any ImageDataset, _ configuration: Configuration, _ request: TrainingRun.Request,
    _ directory: RunDirectory?
  ) -> RunError {
    let count = "\(counted(dataset.count, "image")) in \(counted(dataset.classNames.count, "class"))"
    var found = dataset is PackedDataset ? "another pack, \(count)" : "\(count) with other names"
    if case .integer(let former)? = directory.flatMap({ directory in
      JSONValue.fields(ofFile: directory.summaryPath)?["train_samples"]
    }), former != dataset.count {
      found = "\(dataset.count) in \(counted(dataset.classNames.count, "class")), \(former) when the run began"
    }
    return otherImages(
      configuration, request, directory, difference: found + (request.isResuming ? splitsInside(configuration) : ""))
  }

  /// Returns what to do if folders named as splits lie among the classes of the training folder, because earlier
  /// versions took them for classes; else empty.
  private static func splitsInside(_ configuration: Configuration) -> String {
    guard configuration.data.dataset == .folder, let path = configuration.data.path, DataPath.kind(path) == .folder
    else { return "" }
    var request = FolderRequest(path: path)
    request.trainFolder = configuration.data.trainFolder
    request.validationFolder = configuration.data.validationFolder
    request.testFolder = configuration.data.testFolder
    guard let layout = try? FolderLayout(request) else { return "" }
    let training = layout.training.path
    let validation = request.validationFolder == nil ? layout[.validation]?.path : nil
    let test = request.testFolder == nil ? layout[.test]?.path : nil
    let inside = [validation, test].compactMap { folder in folder }.filter { folder in
      folder.hasPrefix("\(training)/")
    }
    // Beside classes that are the dataset's own folders, they were splits before too.
    guard training != request.path, !inside.isEmpty else { return "" }
    return
      "; versions before this one took \(inside.joined(separator: ", ")) for a class: if the run was begun so, continue it with --data \(training.shellQuoted) --train-folder ."
  }

  /// Returns the error for a dataset whose images differ in a given way from those with which the run was begun.
  static func otherImages(
    _ configuration: Configuration, _ request: TrainingRun.Request, _ directory: RunDirectory?, difference: String
  ) -> RunError {
    let origin = request.isResuming ? "the run in \(directory?.path ?? "")" : "the run of --config"
    let others =
      request.isResuming
      ? "with another --output (--init \((directory?.path ?? "").shellQuoted) takes its encoder)"
      : "without dataset-fingerprint and dataset-contents"
    return RunError(
      .configuration,
      "\(configuration.data.path ?? ""): its images are not those that \(origin) was begun with: \(difference)",
      remedy: "put the files back, or begin a new run \(others)")
  }
}
