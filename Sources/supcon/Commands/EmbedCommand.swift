import ArgumentParser
import Configuration
import Datasets
import Evaluation
import MPI
import OneDNN
import WeightExchange

/// `supcon embed`.
struct EmbedCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Extracts features of a dataset split to a .npy file.",
    discussion: "Example: supcon embed --run runs/c10 --split test --output r.npy --labels y.npy")

  @OptionGroup var source: RunOptions
  @Argument(help: ArgumentHelp("Run directory, if not given with --run.", valueName: "run"))
  var arguments: [String] = []
  @Option(help: ArgumentHelp("Output file: float32 array [samples, dimension], in dataset order.", valueName: "file"))
  var output: String
  @Option(help: ArgumentHelp("Receives the samples' classes, int64 [samples].", valueName: "file"))
  var labels: String?
  @Option(help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"))
  var data: String?
  @Option(help: "The samples: train or test.")
  var split = Split.test
  @Option(help: "encoder: representations; model: embeddings, behind the projection head and of unit length.")
  var part = WeightLayout.Part.encoder
  @Option(help: "Compute data type of the encoder: float32 or bfloat16. (default: the run's)")
  var precision: Precision?
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: EmbeddingStage.Request {
    var request = EmbeddingStage.Request(run: source.split(arguments).run, output: output)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.labels = labels
    request.data = data
    request.split = split
    request.part = part
    request.precision = precision
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  var outputs: [String] { [output] + (labels.map { path in [path] } ?? []) }

  func problem(ranks: Int) -> String? {
    source.problem(arguments) ?? request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try EmbeddingStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}

extension Split: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
