import ArgumentParser
import Configuration
import Job
import MPI
import Training

/// The options of the commands that train an encoder: `pretrain` and `supervised`.
struct TrainingOptions: ParsableArguments {
  @OptionGroup var configuration: ConfigurationOptions
  @OptionGroup(title: "Run") var run: RunArguments
  @OptionGroup(title: "Debugging") var debugging: DebuggingOptions

  /// Creates the training request of a command from these options.
  func request(_ command: TrainingCommand) -> TrainingRun.Request {
    var request = TrainingRun.Request(
      command, overrides: configuration.overrides.overridden(by: run.progress.given), output: run.output,
      isResuming: run.resume,
      maximumSeconds: run.maxTime.flatMap(TimeLimit.seconds))
    request.extendedEpochs = run.extendEpochs
    request.diagnostics = debugging.diagnostics
    request.verbosity = verbosity
    request.terminal = .standardOutput
    return request
  }

  /// The folder of `--dump-step`, if it was given.
  var outputFolders: [(option: String, path: String)] {
    debugging.diagnostics.dump.map { dump in [("--dump-step", dump.folder)] } ?? []
  }

  /// The amount of output.
  var verbosity: Verbosity { run.quiet ? .quiet : run.verbose ? .verbose : .normal }

  /// The first problem with the options that are not part of the configuration, or `nil`.
  var problem: String? {
    if let problem = TimeLimit.problem(run.maxTime) {
      return problem
    }
    if run.quiet, run.verbose {
      return "--quiet, --verbose: give one of them"
    }
    if let extendEpochs = run.extendEpochs {
      guard run.resume else {
        return "--extend-epochs \(extendEpochs): goes with --resume; for a new run give --epochs \(extendEpochs)"
      }
      if let problem = Configuration.problem(of: "extend-epochs", extendEpochs, atLeast: 1) {
        return problem
      }
    }
    return debugging.problem
  }
}

/// The options of a run's directory, length and output.
struct RunArguments: ParsableArguments {
  @OptionGroup var progress: ProgressOptions

  @Option(
    help: ArgumentHelp("Run directory. (default: runs/COMMAND-MODEL-DATASET-N)", valueName: "dir"),
    completion: .directory)
  var output: String?
  @Flag(
    help:
      "Continue the run in --output, or the newest unfinished one under runs. Options not given are those of the run; most options cannot be changed, --steps and --extend-epochs can."
  )
  var resume = false
  @Option(
    help: ArgumentHelp(
      "With --resume: train on to this many epochs in total. Constant, step and exponential learning rates go on as if the run had been started so; the cosine starts again, at its peak once the warm-up is over.",
      valueName: "epochs"))
  var extendEpochs: Int?
  @Option(
    help: ArgumentHelp(
      "Stop after this time, save and exit 75, as on SIGUSR1, SIGTERM and Ctrl-C: seconds, 90m, 12h or 01:30:00.",
      valueName: "time"))
  var maxTime: String?
  @Flag(help: "Print warnings and errors only.")
  var quiet = false
  @Flag(help: "Print every logged step, with its gradient norm and its longest parts.")
  var verbose = false
}
