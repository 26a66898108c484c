import Configuration
import Job
import Runs

/// An option that is given otherwise than a run was begun with, and that a resumed run cannot change.
package struct OptionDifference: Equatable, Sendable {
  /// The option's name.
  package let option: String
  /// The given value.
  package let asked: String
  /// The value with which the run was begun; `nil` for none.
  package let own: String?

  private init(_ option: String, asked: String?, own: String?) {
    (self.option, self.asked, self.own) = (option, asked ?? "nothing", own)
  }

  /// Compares the value of one option with that of a run; `nil` if they are the same.
  init?(of option: String, _ asked: String, from own: String) {
    guard asked != own else { return nil }
    self.init(option, asked: asked, own: own)
  }

  /// Finds the first difference between the options of a run, with given ones in their place, and its own; `nil` if
  /// there is none.
  init?(of configuration: Configuration, from old: Configuration) {
    // The place of a teacher may change, but a run that was begun without one cannot get one.
    if let teacher = configuration.classifier.teacherPath, old.classifier.teacherPath == nil {
      self.init("teacher", asked: teacher, own: nil)
    } else if let (option, asked, own) = configuration.conflict(with: old) {
      self.init(option, asked: asked, own: own)
    } else {
      return nil
    }
  }
}

extension ConfigurationOverrides {
  /// Returns the options of a run that is resumed, with these in their place.
  func resuming(_ old: Configuration) -> Configuration {
    var configuration = applied(to: old)
    // The same encoder may be named in other words than in the run's file, whose paths are absolute.
    if configuration.withAbsolutePaths.model.initialPath == old.withAbsolutePaths.model.initialPath {
      configuration.model.initialPath = old.model.initialPath
    }
    // For a resumed run, `auto` means the value with which it was started.
    configuration.compute.precision = configuration.compute.precision ?? old.compute.precision
    configuration.model.stem = configuration.model.stem ?? old.model.stem
    return configuration
  }
}

extension TrainingRun.Request {
  /// Returns the first option that this request gives otherwise than a run was begun with.
  ///
  /// - Parameter old: The options in the run directory.
  /// - Returns: The difference; `nil` if the run can go on with the options.
  package func difference(from old: Configuration) -> OptionDifference? {
    OptionDifference(of: overrides.resuming(old), from: old)
  }

  /// Returns the error for a run in a directory that was begun with other options than this request gives; `nil` if it
  /// can go on with them, or if there is no run yet.
  ///
  /// - Parameter path: The run directory.
  /// - Returns: The error, which names the option.
  /// - Throws: ``RunError`` or `FileError` if the run's options cannot be read.
  package func refusal(byRunIn path: String) throws -> RunError? {
    let directory = RunDirectory(path: path)
    guard directory.holdsRun else { return nil }
    return difference(from: try directory.configuration()).map { difference in
      ResumeRefusals.conflict(difference, self, run: path)
    }
  }
}
