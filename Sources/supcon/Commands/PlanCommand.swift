import ArgumentParser
import Configuration
import MPI
import Tools

/// The command `supcon plan`, which estimates parameters, memory, time and disk space of a run before it starts.
struct PlanCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Estimates parameters, memory, time and disk of a run before it starts.",
    discussion: """
      Example: supcon plan --recipe imagenet-resnet50-supcon --data imagenet --ranks 16
      It takes the options of supcon pretrain, alone or under mpirun, tries one small step on built-in images, trains nothing
      and writes no run. With --hosts and --link it predicts the step on several hosts like this one: its parts, efficiency
      against one host, and traffic.
      """)

  @OptionGroup var configuration: ConfigurationOptions
  @OptionGroup(title: "Run") var progress: ProgressOptions

  @Option(
    help:
      "For how many ranks on this host, or with --hosts on each, without starting them. (default: those that were started)"
  )
  var ranks: Int?
  @Option(
    help: "For this number of hosts like this one, each with --ranks ranks; --batch-size is that of all together.")
  var hosts: Int?
  @Option(
    help: ArgumentHelp(
      "Speed and latency of the network that joins --hosts, such as 10Gb/s,30us: Gb/s, Mb/s or GB/s; us or ms.",
      valueName: "speed,latency"))
  var link: String?
  @Flag(
    help:
      "Propose ranks, threads and binding for this host, or for the one that --cores, --sockets and --memory describe.")
  var propose = false
  @Option(help: "Cores of the host of --propose, on all sockets. (default: this host's)")
  var cores: Int?
  @Option(help: "Sockets of the host of --propose. (default: this host's)")
  var sockets: Int?
  @Option(
    help: ArgumentHelp(
      "Memory of the host of --propose, such as 128GB. (default: what is free on this host)", valueName: "size"),
    transform: { text in try MemorySize(text) })
  var memory: MemorySize?
  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @OptionGroup var launch: LaunchOptions

  var hasResultOutput: Bool { json }

  private var request: PlanStage.Request {
    var request = PlanStage.Request(overrides: configuration.overrides.overridden(by: progress.given))
    request.ranks = ranks
    request.hosts = hosts
    request.link = link
    request.isProposing = propose
    request.host.cores = cores
    request.host.sockets = sockets
    request.host.memoryByteCount = memory?.byteCount
    request.isJSON = json
    return request
  }

  func problem(ranks: Int) -> String? {
    request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try PlanStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}

/// A number of bytes, parsed from a number with a unit.
struct MemorySize: Sendable {
  let byteCount: Int

  /// Parses the value of `--memory`.
  ///
  /// - Throws: `ValidationError` that says what is expected.
  init(_ text: String) throws {
    guard case .bytes(let count)? = ActivationMemory(text), count > 0 else {
      throw ValidationError("expected a number above 0 with its unit, such as 128GB")
    }
    byteCount = count
  }
}
