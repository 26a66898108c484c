import ArgumentParser
import Configuration
import Datasets
import Evaluation
import Formats
import MPI
import OneDNN
import WeightExchange

/// The command `supcon embed`, which writes the features of a dataset split or of image files to a `.npy` file.
struct EmbedCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Extracts features of a dataset split, or of image files, to a .npy file.",
    discussion: """
      Examples: supcon embed runs/c10 --split test --output r.npy --labels y.npy
                supcon embed runs/c10 photos/ --output r.npy --table r.csv --projector projector
      Rows are in the order of the dataset or of the files. A file that is no image has no row: it is named, the others are done, and the exit code is 65.
      """)

  @OptionGroup var source: RunOptions
  @Argument(
    help: ArgumentHelp(
      "Run directory, if not given with --run; then files, folders, or - for a list of paths on the standard input. Without any, the run's dataset.",
      valueName: "run-and-images"), completion: .file())
  var arguments: [String] = []
  @Option(
    help: ArgumentHelp("Output file: float32 array [samples, dimension].", valueName: "file"),
    completion: .file(extensions: ["npy"]))
  var output: String
  @Option(
    help: ArgumentHelp("Receives the samples' classes, int64 [samples].", valueName: "file"),
    completion: .file(extensions: ["npy"]))
  var labels: String?
  @Option(
    help: ArgumentHelp(
      "Receives a table of the rows: number of the sample, name or path, label, class.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var table: String?
  @Option(
    help: ArgumentHelp("Folder that receives the rows for TensorBoard's projector.", valueName: "dir"),
    completion: .directory)
  var projector: String?
  @Option(
    help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(
    help:
      "The samples of the run's dataset: train, validation or test. (default: test, or validation without test images)")
  var split: Split?
  @Option(
    help: "encoder: representations; model: embeddings, the outputs of the projection head scaled to unit length.")
  var part = WeightLayout.Part.encoder
  @Option(help: "Compute data type of the encoder: float32 or bfloat16. (default: the run's)")
  var precision: Precision?
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: EmbeddingStage.Request {
    let (run, images) = source.split(arguments)
    var request = EmbeddingStage.Request(run: run, output: output)
    request.images = images
    request.table = table
    request.projector = projector
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

  var outputs: [OutputFile] {
    [OutputFile(output, .numPy)] + (labels.map { path in [OutputFile(path, .numPy, option: "--labels")] } ?? [])
      + (table.map { path in [OutputFile(path, .csv, option: "--table")] } ?? [])
  }

  var outputFolders: [(option: String, path: String)] { projector.map { path in [("--projector", path)] } ?? [] }

  func problem(ranks: Int) -> String? {
    source.problem(arguments, allowsOthers: true, imagesOf: "embed") ?? request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try EmbeddingStage.run(request, over: world, report: Console.reporter(of: world))
  }
}

extension Split: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
