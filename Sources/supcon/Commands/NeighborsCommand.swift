import ArgumentParser
import Configuration
import Evaluation
import Formats
import MPI
import Reporting

/// The command `supcon neighbors`, which lists the training images that are most similar to image files.
struct NeighborsCommand: RankedCommand {
  /// The default options of the search, for the help text.
  private static let defaults = NeighborsStage.Request(run: "", images: [])

  static let configuration = CommandConfiguration(
    commandName: "neighbors",
    abstract: "Names the training images that are most similar to image files.",
    usage: "supcon neighbors <run> <image> ... [<options>]",
    discussion: """
      Example: supcon neighbors runs/flowers new.jpg --neighbors 5 --sheet similar.html
      A line a neighbor: cosine similarity and distance of the unit representations, class, name. A file that is no image is named, the others are done, and the exit code is 65.
      """)

  @OptionGroup var source: RunOptions
  @Argument(
    help: ArgumentHelp(
      "Run directory, if not given with --run; then files, folders, or - for a list of paths on the standard input.",
      valueName: "run-and-images"), completion: .file())
  var arguments: [String] = []
  @Option(help: "How many neighbors of each image.")
  var neighbors = Self.defaults.neighbors
  @Option(help: "text, csv or json.")
  var format = ResultFormat.text
  @Option(
    help: ArgumentHelp(
      "Also show the first \(NeighborsStage.sheetLimit) images and their neighbors in this file: HTML or PNG, by its ending.",
      valueName: "file"),
    completion: .file(extensions: ["html", "png"]))
  var sheet: String?
  @Option(
    help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(help: "Threads of each rank.")
  var threads = Self.defaults.threads

  @OptionGroup var launch: LaunchOptions

  private var request: NeighborsStage.Request {
    let (run, images) = source.split(arguments)
    var request = NeighborsStage.Request(run: run, images: images)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.data = data
    request.neighbors = neighbors
    request.format = format
    request.sheet = sheet
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  var outputs: [OutputFile] {
    sheet.map { path in [OutputFile(path, path.hasSuffix(".png") ? .png : .html, option: "--sheet")] } ?? []
  }

  func problem(ranks: Int) -> String? {
    source.problem(arguments, allowsOthers: true, imagesOf: "neighbors") ?? request.problem
  }

  var hasResultOutput: Bool { true }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try NeighborsStage.run(
      request, over: world, output: Console.reporter(of: world), report: Console.errorReporter(of: world))
  }
}
