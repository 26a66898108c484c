import ArgumentParser
import Datasets
import ImageCodecs
import Runs

/// The options `--run`, `--checkpoint` and `--weights-of`: the run, checkpoint and weights that a command reads.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Run directory.", valueName: "dir"), completion: .directory)
  var run: String?
  @Option(
    help: ArgumentHelp("The checkpoint: latest, best (of --keep-best), or a number of steps.", valueName: "which"),
    completion: .list(["latest", "best"]))
  var checkpoint = "latest"
  @Option(help: "raw, the weights of that step, or average, their moving average of --weight-average.")
  var weightsOf = RunWeights.raw

  /// Returns the run directory, given by `--run` or as the first argument, and the remaining arguments.
  func split(_ arguments: [String]) -> (run: String, others: [String]) {
    if let run {
      return (run, arguments)
    }
    return (arguments.first ?? "", Array(arguments.dropFirst()))
  }

  /// Returns the error in the options and arguments, or `nil`.
  ///
  /// - Parameters:
  ///   - arguments: The arguments, the first of which is the run directory unless `--run` is given.
  ///   - allowsOthers: True if further arguments are allowed.
  ///   - command: The command if it takes images after the run.
  /// - Returns: An error message, or `nil`.
  func problem(_ arguments: [String], allowsOthers: Bool = false, imagesOf command: String? = nil) -> String? {
    let (run, others) = split(arguments)
    if run.isEmpty {
      return "no run directory: give it as the first argument or with --run"
    }
    if DataPath.kind(run) != .folder, let ending = run.split(separator: ".").last.map(String.init),
      case .decodable? = ImageFileKind(ending: ending)
    {
      return "\(run): is an image, not a run directory"
        + (command.map { command in "; the run comes first: supcon \(command) RUN \(run)" } ?? "")
    }
    if !allowsOthers, let other = others.first {
      return "\(other): unexpected argument; expected one run directory"
    }
    return CheckpointChoice.problem(checkpoint)
  }
}

extension RunWeights: ExpressibleByArgument {}
