import ArgumentParser
import Configuration
import Formats
import MPI
import Reporting
import Runs

/// The command `supcon report`, which writes one HTML file about a run, or about several side by side.
struct ReportCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes one HTML file about a run, or about several side by side.",
    usage: "supcon report <run> ... [<options>]",
    discussion: """
      Example: supcon report runs/c10
      Of one run: curves, samples and views, maps of the embeddings, confusions, mistakes, neighbors, reliability. Of several: their curves together and the options that differ. The file needs no network and no other file. A run may be read-only or still in training.
      """)

  @Argument(help: ArgumentHelp("Run directories.", valueName: "run"), completion: .directory)
  var arguments: [String] = []
  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("Run directory, if not given as an argument; several times for several.", valueName: "dir"),
    completion: .directory)
  var namedRuns: [String] = []
  @Option(help: ArgumentHelp("The checkpoint: latest, best, or a number of steps.", valueName: "which"))
  var checkpoint = "latest"
  @Option(help: "raw, the weights of that step, or average, their moving average of --weight-average.")
  var weightsOf = RunWeights.raw
  @Option(
    help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(
    help: ArgumentHelp(
      "Output file. (default: \(ReportStage.fileName) in the run directory; here, for several runs or a read-only one)",
      valueName: "file"), completion: .file(extensions: ["html"]))
  var output: String?
  @Flag(inversion: .prefixedNo, help: "Show the dataset's images and what the encoder makes of them.")
  var images = true
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: ReportStage.Request {
    // Slashes at the end are removed, so that one path has one form.
    var request = ReportStage.Request(
      runs: (arguments + namedRuns).map { run in run.count > 1 && run.hasSuffix("/") ? String(run.dropLast()) : run })
    request.checkpoint = checkpoint
    request.weights = weightsOf
    request.data = data
    request.output = output
    request.hasImages = images
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  var outputs: [OutputFile] { output.map { path in [OutputFile(path, .html)] } ?? [] }

  func problem(ranks: Int) -> String? { request.problem }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try ReportStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
