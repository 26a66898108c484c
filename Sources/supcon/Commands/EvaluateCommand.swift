import ArgumentParser
import Configuration
import Evaluation
import MPI

/// `supcon evaluate`.
struct EvaluateCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures a run's frozen encoder without training: k-nearest-neighbor accuracy.",
    discussion: "Example: supcon evaluate --run runs/c10")

  @OptionGroup var source: RunOptions
  @Argument(help: ArgumentHelp("Run directory, if not given with --run.", valueName: "run"))
  var arguments: [String] = []
  @Option(help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"))
  var data: String?
  @Option(help: "Compare samples by the encoder's representations, or by their pixels as a control.")
  var features = EvaluationStage.Features.encoder
  @Option(help: "How many neighbors vote.")
  var neighbors = 20
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: EvaluationStage.Request {
    var request = EvaluationStage.Request(run: source.split(arguments).run)
    request.checkpoint = source.checkpoint
    request.data = data
    request.features = features
    request.neighbors = neighbors
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  func problem(ranks: Int) -> String? {
    source.problem(arguments) ?? request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try EvaluationStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}

extension EvaluationStage.Features: ExpressibleByArgument {}
