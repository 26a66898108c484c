import ArgumentParser
import Configuration
import Evaluation
import MPI

/// The command `supcon predict`, which prints the most probable classes of image files.
struct PredictCommand: RankedCommand {
  /// The default options of the prediction, for the help text.
  private static let defaults = PredictionStage.Request(run: "", images: [])

  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Names the most probable classes of image files.",
    usage: "supcon predict <run> <image> ... [<options>]",
    discussion: """
      Example: supcon predict runs/flowers new.jpg more/ --top 3
      The classifier is that of supcon linear, else the one that was trained with the encoder. A file that is no image is named, the others are done, and the exit code is 65.
      """)

  @OptionGroup var source: RunOptions
  @Argument(
    help: ArgumentHelp(
      "Run directory, if not given with --run; then files, folders, or - for a list of paths on the standard input.",
      valueName: "run-and-images"), completion: .file())
  var arguments: [String] = []
  @Option(help: "How many classes of each image.")
  var top = Self.defaults.top
  @Option(help: "text, csv or json.")
  var format = ResultFormat.text
  @Option(help: "Threads of each rank.")
  var threads = Self.defaults.threads

  @OptionGroup var launch: LaunchOptions

  private var request: PredictionStage.Request {
    let (run, images) = source.split(arguments)
    var request = PredictionStage.Request(run: run, images: images)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.top = top
    request.format = format
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  func problem(ranks: Int) -> String? {
    source.problem(arguments, allowsOthers: true, imagesOf: "predict") ?? request.problem
  }

  var hasResultOutput: Bool { true }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try PredictionStage.run(
      request, over: world, output: Console.reporter(of: world), report: Console.errorReporter(of: world))
  }
}

extension ResultFormat: ExpressibleByArgument {}
