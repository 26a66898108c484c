import ArgumentParser
import MPI
import Training

/// `supcon pretrain`.
struct PretrainCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Trains an encoder with the Supervised Contrastive loss (or SimCLR's) over the global batch.",
    discussion: """
      Example: mpirun -np 2 supcon pretrain --dataset cifar10 --data cifar-10-batches-bin --epochs 10 --output runs/c10
      The weights are the same to the last bit on any number of ranks and threads.
      """)

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var progress: ProgressOptions

  @Option(help: ArgumentHelp("Run directory. (default: runs/pretrain-MODEL-DATASET-N)", valueName: "dir"))
  var output: String?
  @Flag(help: "Continue the run in --output; options not given are those of the run.")
  var resume = false
  @Option(
    help: ArgumentHelp(
      "Stop after this time, save and exit 75, as on SIGUSR1, SIGTERM and Ctrl-C: seconds, 90m, 12h or 01:30:00.",
      valueName: "time"))
  var maxTime: String?
  @Option(help: .hidden)
  var reduction = "tree"

  @OptionGroup var launch: LaunchOptions

  private var request: Pretraining.Request {
    Pretraining.Request(
      overrides: progress.added(to: recipe.overrides), output: output, isResuming: resume,
      order: ReductionOrder(rawValue: reduction) ?? .tree, maximumSeconds: maxTime.flatMap(TimeLimit.seconds))
  }

  func problem(ranks: Int) -> String? {
    if ReductionOrder(rawValue: reduction) == nil {
      return "--reduction \(reduction): expected tree or mpi"
    }
    if let maxTime, TimeLimit.seconds(maxTime) == nil {
      return "--max-time \(maxTime): expected a time above 0: seconds, 90m, 12h, 2d or 01:30:00"
    }
    if resume, output == nil {
      return "--resume: needs --output with the folder of the run to continue"
    }
    return request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> Training.ExitCode {
    try Pretraining.run(request, over: world, report: Console.reporter(of: world))
  }
}
