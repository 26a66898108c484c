import ArgumentParser
import Configuration
import MPI
import Tools

/// `supcon plan`.
struct PlanCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Estimates parameters, memory, time and disk of a run before it starts.",
    discussion: """
      Example: supcon plan --recipe imagenet-resnet50-supcon --data imagenet --ranks 16
      It takes the options of supcon pretrain, alone or under mpirun, tries one small step on built-in images, trains nothing
      and writes no run.
      """)

  @OptionGroup var configuration: ConfigurationOptions
  @OptionGroup var progress: ProgressOptions

  @Option(help: "For how many ranks on this host, without starting them. (default: those that were started)")
  var ranks: Int?
  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @OptionGroup var launch: LaunchOptions

  private var request: Planning.Request {
    var request = Planning.Request(overrides: configuration.overrides.overridden(by: progress.given))
    request.ranks = ranks
    request.isJSON = json
    return request
  }

  func problem(ranks: Int) -> String? {
    request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try Planning.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
