import ArgumentParser
import MPI
import Training

/// `supcon linear`.
struct LinearCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "linear",
    abstract: "Trains a linear classifier on a run's frozen encoder and tests it.",
    discussion: "Example: mpirun -np 2 supcon linear --run runs/c10")

  @Option(help: ArgumentHelp("Run directory of supcon pretrain.", valueName: "dir"))
  var run: String
  @Option(help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"))
  var data: String?
  @Option(help: "Visits of the training set.")
  var epochs = 20
  @Option(help: "Samples in a global batch.")
  var batchSize = 256
  @Option(help: "Samples in a shard.")
  var shardSize = 32
  @Option(help: "Peak learning rate of the cosine schedule.")
  var learningRate = 0.1
  @Option(help: "Momentum of the optimiser.")
  var momentum = 0.9
  @Option(help: "Weight decay.")
  var weightDecay = 0.0
  @Option(
    help:
      "How training samples are seen: none (features once), or a preset or operations (features each epoch); help lists all."
  )
  var augmentation = "none"
  @Option(help: "Where all random draws begin.")
  var seed: UInt64 = 0
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: LinearStage.Request {
    var request = LinearStage.Request(run: run)
    request.data = data
    request.epochs = epochs
    request.batchSize = batchSize
    request.shardSize = shardSize
    request.learningRate = learningRate
    request.momentum = momentum
    request.weightDecay = weightDecay
    request.augmentation = augmentation
    request.seed = seed
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  func problem(ranks: Int) -> String? {
    request.problem
  }

  func run(over world: borrowing Communicator) throws -> Training.ExitCode {
    try LinearStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
