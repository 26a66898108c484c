import ArgumentParser
import Configuration
import Datasets
import Evaluation
import MPI
import Training

/// The command `supcon linear`, which trains a linear classifier on a run's frozen encoder and tests it.
struct LinearCommand: RankedCommand {
  /// The default options of the linear probe, for the help text.
  private static let defaults = LinearStage.Request(run: "")

  static let configuration = CommandConfiguration(
    commandName: "linear",
    abstract: "Trains a linear classifier on a run's frozen encoder and tests it.",
    discussion: """
      Example: mpirun -np 2 supcon linear --run runs/c10
      With --finetune the encoder learns too: it runs supcon supervised --init RUN, which has more options and writes a new run directory.
      """)

  @OptionGroup var source: RunOptions
  @Argument(help: ArgumentHelp("Run directory, if not given with --run.", valueName: "run"), completion: .directory)
  var arguments: [String] = []
  @Option(
    help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(help: "The images to test on: test, or validation, to choose between runs.")
  var split = MeasuredSplit.test
  @Flag(help: "Train the encoder too, from the run's weights on, into a run directory of its own.")
  var finetune = false
  @Option(help: "With --finetune: another dataset than the run's, as for supcon supervised.")
  var dataset: String?
  @Option(
    help: ArgumentHelp(
      "With --finetune: run directory of the result. (default: runs/supervised-MODEL-DATASET-N)", valueName: "dir"),
    completion: .directory)
  var output: String?
  @Option(help: "Number of training epochs.")
  var epochs = Self.defaults.epochs
  @Option(help: "Samples in a global batch. (default: \(defaults.batchSize))")
  var batchSize: Int?
  @Option(help: "Samples in a shard. (default: \(defaults.shardSize))")
  var shardSize: Int?
  @Option(
    help:
      "Peak learning rate of the cosine schedule; with --finetune \(FineTuning.learningRate). (default: \(defaults.learningRate))"
  )
  var learningRate: DecimalArgument?
  @Option(help: "Momentum of the optimizer.")
  var momentum = DecimalArgument(Self.defaults.momentum)
  @Option(help: "Weight decay; with --finetune supcon supervised's. (default: 0)")
  var weightDecay: DecimalArgument?
  @Option(
    help:
      "Augmentation for training the classifier; none extracts features only once, others in each epoch; --augmentation help lists all; with --finetune supcon supervised's. (default: none)"
  )
  var augmentation: String?
  @Option(help: "Random seed.")
  var seed: UInt64 = 0
  @Option(help: "Threads of each rank.")
  var threads = Self.defaults.threads

  @OptionGroup var launch: LaunchOptions

  private var request: LinearStage.Request {
    var request = LinearStage.Request(run: source.split(arguments).run)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.split = split.split
    request.data = data
    request.epochs = epochs
    request.batchSize = batchSize ?? request.batchSize
    request.shardSize = shardSize ?? request.shardSize
    request.learningRate = learningRate?.value ?? (finetune ? FineTuning.learningRate : request.learningRate)
    request.momentum = momentum.value
    request.weightDecay = weightDecay?.value ?? request.weightDecay
    if augmentation != nil {
      request.augmentation = given.applied(to: Configuration()).views.augmentation
    }
    request.seed = seed
    request.threads = threads
    return request
  }

  /// The given options that are rows of the table of options (``ConfigurationOption``).
  private var given: ConfigurationOverrides {
    var overrides = ConfigurationOverrides()
    overrides.give(dataset, for: "dataset")
    overrides.give(augmentation, for: "augmentation")
    return overrides
  }

  private var fineTuning: TrainingRun.Request {
    var overrides = given
    overrides.set(\.optimizer.weightDecay, to: weightDecay?.value)
    // Where they are not given, batches are fitted to the training set.
    overrides.set(\.batches.size, to: batchSize)
    overrides.set(\.batches.shardSize, to: shardSize)
    var fineTuning = FineTuning.request(request, overrides: overrides, output: output)
    fineTuning.terminal = .standardOutput
    return fineTuning
  }

  var threadsPerRank: Int { threads }

  func problem(ranks: Int) -> String? {
    let needless = [("dataset", dataset), ("output", output)].first { _, value in value != nil }
    if !finetune, let (option, value) = needless {
      return "--\(option) \(value ?? ""): goes with --finetune; leave it out, or give --finetune"
    }
    if finetune, source.checkpoint != "latest" {
      return
        "--checkpoint \(source.checkpoint): --finetune begins with the newest; leave it out, or give the file to supcon supervised --init"
    }
    if finetune, split != .test {
      return
        "--split \(split.rawValue): --finetune tests on the test images; leave it out, and measure with supcon evaluate --split \(split.rawValue)"
    }
    if finetune, source.weightsOf != .raw {
      return
        "--weights-of \(source.weightsOf.rawValue): --finetune begins with the raw weights; leave it out, or give encoder-average.safetensors to supcon supervised --init"
    }
    return given.problem?.description ?? source.problem(arguments) ?? request.problem
      ?? (finetune ? fineTuning.problem(ranks: ranks) : nil)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    if finetune {
      return try TrainingRun.run(fineTuning, over: world, report: Console.reporter(of: world))
    }
    try LinearStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
