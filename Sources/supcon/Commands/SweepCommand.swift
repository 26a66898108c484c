import ArgumentParser
import Configuration
import Job
import MPI
import Sweeps

/// The command `supcon sweep`, which trains the runs of a grid or list of options and compares them.
struct SweepCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Trains the runs of a grid or list of options, and compares them.",
    usage: "supcon sweep <file> [<options>]",
    discussion: """
      Example: mpirun -np 2 supcon sweep temperatures.yaml
      The file has options of all runs, and a grid (every combination) or a list of those that differ. Each run has a directory of its own and a linear probe. Started again, the sweep goes on where it stopped. A table and box plots of the results are in sweep.csv and sweep.html.
      """)

  @Argument(
    help: ArgumentHelp("File of the sweep, YAML.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
  var file: String
  @Option(
    help: ArgumentHelp("Folder of the run directories. (default: the file's, or runs/NAME)", valueName: "dir"),
    completion: .directory)
  var output: String?
  @Flag(name: .customLong("list"), help: "Print the number and directory of each run, and train none.")
  var isListing = false
  @Option(help: ArgumentHelp("Train this run only, such as SLURM_ARRAY_TASK_ID.", valueName: "number"))
  var index: Int?
  @Flag(name: .customLong("summarize"), help: "Write the table and plots of what is there, and train nothing.")
  var isSummarizing = false
  @Flag(inversion: .prefixedNo, help: "Train a linear probe on each encoder.")
  var linear = true
  @Option(
    help: ArgumentHelp("Stop after this time, save and exit 75, as supcon pretrain does.", valueName: "time"))
  var maxTime: String?

  @OptionGroup var launch: LaunchOptions

  private var request: SweepStage.Request {
    var request = SweepStage.Request(file: file)
    request.output = output
    request.index = index
    request.isListing = isListing
    request.isSummarizing = isSummarizing
    request.hasLinear = linear
    request.maximumSeconds = maxTime.flatMap(TimeLimit.seconds)
    return request
  }

  var threadsPerRank: Int { 1 }

  var hasResultOutput: Bool { isListing }

  var adviceWhenStopped: String { "what was trained is stored: start it again to continue" }

  func problem(ranks: Int) -> String? {
    if let problem = TimeLimit.problem(maxTime) {
      return problem
    }
    if isListing, isSummarizing { return "--list: does not go with --summarize; give one of them" }
    guard isListing || isSummarizing else { return nil }
    let others = [("--index", index != nil), ("--max-time", maxTime != nil), ("--no-linear", !linear)]
    return others.first { _, isGiven in isGiven }.map { option, _ in
      "\(isListing ? "--list" : "--summarize"): is of all runs, and trains none; leave \(option) out"
    }
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try SweepStage.run(request, over: world, report: Console.reporter(of: world))
  }
}
