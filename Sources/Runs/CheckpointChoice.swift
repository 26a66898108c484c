import Configuration
import Formats
import Glibc

/// The choice of a checkpoint that a command reads.
package enum CheckpointChoice: Sendable, Equatable {
  /// The newest undamaged checkpoint.
  case latest
  /// The best checkpoint by `--keep-best`, if the run has one.
  case best
  /// The checkpoint after a number of steps.
  case step(Int)

  /// Parses `latest`, `best` or a number of steps; `nil` for anything else.
  package init?(_ text: String) {
    switch text {
    case "latest": self = .latest
    case "best": self = .best
    default:
      guard let step = Int(text), step >= 0 else { return nil }
      self = .step(step)
    }
  }

  /// Returns the error message for an invalid value of `--checkpoint`, or `nil`.
  package static func problem(_ text: String) -> String? {
    CheckpointChoice(text) == nil ? "--checkpoint \(text): expected latest, best, or a number of steps" : nil
  }
}

extension CheckpointFolder {
  /// Reads the chosen checkpoint of a run, without taking its lock.
  ///
  /// A checkpoint gets its name after it was written completely and never changes, so that a run can be read during
  /// training. If a checkpoint is deleted between listing and opening, the folder is listed again.
  ///
  /// - Parameters:
  ///   - choice: The checkpoint to read.
  ///   - configuration: The run's configuration.
  ///   - warn: Receives a sentence for each damaged checkpoint that is skipped.
  /// - Returns: The checkpoint; `nil` if `choice` is `latest` and no checkpoint was ever completed.
  /// - Throws: ``RunError`` or `FileError` naming the file.
  package func read(
    _ choice: CheckpointChoice, of configuration: Configuration, warn: (String) -> Void
  ) throws -> Checkpoint? {
    switch choice {
    case .latest:
      return try newestWhileItLasts(of: configuration, warn: warn)
    case .best:
      let file = bestPath
      guard unsafe access(file, F_OK) == 0 else {
        throw RunError(
          .missing,
          "--checkpoint best: \(path) holds none"
            + (configuration.checkpoints.best == nil
              ? ", as the run was trained without --keep-best" : " yet: --keep-best stores one at an evaluation"),
          remedy: others)
      }
      return try matching(Checkpoint(path: file), configuration)
    case .step(let step):
      guard let file = checkpoints().first(where: { file in Self.step(ofFile: file) == step }) else {
        throw RunError(.missing, "--checkpoint \(step): \(path) holds none after \(step) steps", remedy: others)
      }
      return try matching(Checkpoint(path: file), configuration)
    }
  }

  private func newestWhileItLasts(of configuration: Configuration, warn: (String) -> Void) throws -> Checkpoint? {
    var attempts = 3
    while true {
      do {
        return try newest(of: configuration, warn: warn)
      } catch let error as FileError where error.kind == .missing && attempts > 0 {
        attempts -= 1
      }
    }
  }

  private var others: String {
    let steps = steps.map(String.init)
    return steps.isEmpty ? "it has no checkpoint yet" : "choose latest or one of \(steps.joined(separator: ", "))"
  }
}
