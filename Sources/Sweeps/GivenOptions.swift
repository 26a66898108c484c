import Configuration
import Formats
import Runs

/// The options that the file of a sweep gave a run when it began, stored in the sweep's folder as
/// `.options/RUN.json`.
///
/// `config.yaml` has every option of a run, and does not tell which of them were given. An option that is deleted from
/// the file keeps its value in the runs that have begun, which are not to be compared with new ones.
package struct GivenOptions {
  private let directory: RunDirectory
  private let path: String

  /// The options whose default is fitted to the training set, unless that is CIFAR: a new run may get another value
  /// than that of the table of options.
  private static let fittedOptions: Set<String> = ["batch-size", "shard-size", "learning-rate", "augmentation"]

  /// Creates a value for the run directory at a path.
  package init(ofRunIn path: String) {
    directory = RunDirectory(path: path)
    self.path = "\(path.parentFolder)/.options/\(path.lastComponent).json"
  }

  /// Stores the options of a run that has not begun.
  ///
  /// - Throws: ``RunError`` or `FileError` if they cannot be written.
  package func store(_ run: SweepFile.Run) throws {
    guard !directory.holdsRun else { return }
    try OutputFolder.create(path.parentFolder)
    let values = run.parsedValues.mapValues(JSONValue.text)
    try AtomicFile.write(JSONValue.object(values).encoded(isPretty: true) + "\n", to: path)
  }

  /// Returns the first option that the run was begun with and that the file does not give any more, where a new run may
  /// get another value by default; `nil` if there is none, or if no options are stored, as by earlier versions.
  ///
  /// - Parameters:
  ///   - run: The run as the file has it now.
  ///   - own: The options in the run directory.
  /// - Returns: The option's name, and its value in the run directory.
  func deleted(from run: SweepFile.Run, begunWith own: Configuration) -> (option: String, own: String)? {
    guard let stored = JSONValue.fields(ofFile: path) else { return nil }
    let defaults = TrainingCommand.pretrain.defaults
    let isOfCIFAR = own.data.dataset == .cifar10 || own.data.dataset == .cifar100
    for option in ConfigurationOption.all where stored[option.name] != nil && run.parsedValues[option.name] == nil {
      // The value that was given, and not what `auto` has become in the run, is compared with the default.
      let isDefault = stored[option.name] == .text(option.write(defaults) ?? "")
      // A resumed run may change the number of its steps, but keeps it if none is given.
      guard !option.isFreeOnResume || option.name == "steps",
        !isDefault || (!isOfCIFAR && Self.fittedOptions.contains(option.name))
      else { continue }
      return (option.name, option.write(own) ?? "none")
    }
    return nil
  }

  /// Returns the error for a run that was begun with an option that the file of the sweep does not give any more; `nil`
  /// if there is none.
  ///
  /// - Parameters:
  ///   - run: The run as the file has it now.
  ///   - file: The path of the sweep file.
  /// - Returns: The error, which names the option.
  package func refusal(of run: SweepFile.Run, in file: String) -> RunError? {
    guard let own = try? directory.configuration(), let (option, value) = deleted(from: run, begunWith: own) else {
      return nil
    }
    return RunError(
      .configuration,
      "\(file): gives no \(option) any more, but the run in \(directory.path) was begun with \(value), which it keeps",
      remedy: "put the option back there, or give the sweep another --output")
  }
}
