import ArgumentParser
import Configuration
import Formats
import MPI
import Tools

/// The command `supcon bench`, which measures the training step: views per second, seconds of each part, memory.
struct BenchCommand: ConfiguredCommand {
  /// The default options of the benchmark, for the help text.
  private static let defaults = StepBenchmark.Request(overrides: ConfigurationOverrides())

  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract:
      "Measures the training step: views per second, seconds of each part, share of the machine's peak, memory.",
    discussion: """
      Example: mpirun -np 2 supcon bench --model resnet20 --json now.json --compare earlier.json
      It trains on samples of --dataset, built in by default, and writes no run directory.
      """)

  @OptionGroup var configuration: ConfigurationOptions

  @Option(help: "Steps to measure, after 3 that are left out; with --layers, rounds of one shard.")
  var steps = Self.defaults.steps
  @Flag(
    help:
      "Measure each layer and pass of the encoder instead, on one thread: time, rates, shares of the machine's peaks."
  )
  var layers = false
  @Option(help: ArgumentHelp("Receives the result as JSON.", valueName: "file"), completion: .file())
  var json: String?
  @Option(
    help: ArgumentHelp("An earlier --json: print how many times as fast each part is now.", valueName: "file"),
    completion: .file())
  var compare: String?

  @OptionGroup var launch: LaunchOptions

  private var request: StepBenchmark.Request {
    var request = StepBenchmark.Request(overrides: configuration.overrides)
    request.steps = steps
    request.json = json
    request.isMeasuringLayers = layers
    request.compare = compare
    return request
  }

  var outputs: [OutputFile] { json.map { path in [OutputFile(path, .json, option: "--json")] } ?? [] }

  func problem(ranks: Int) -> String? {
    request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try StepBenchmark.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
