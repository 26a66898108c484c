import ArgumentParser
import Configuration
import Formats
import MPI
import Tools

/// The command `supcon loss`, which computes the loss, its lower bound and its gradient of embeddings in `.npy` files.
struct LossCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss",
    abstract: "Computes the loss, its lower bound and its gradient for embeddings in .npy files.",
    discussion: "Example: supcon loss --embeddings z.npy --labels y.npy --temperature 0.1 --gradient g.npy --json")

  @Option(
    help: ArgumentHelp(
      "float32 or float64 [N, D] or [samples, views, D], computed in that precision; rows of unit length.",
      valueName: "file"),
    completion: .file()
  )
  var embeddings: String
  @Option(
    help: ArgumentHelp("Integers [N] (or [samples]): rows with equal labels are positives.", valueName: "file"),
    completion: .file())
  var labels: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Label of rows without a class, such as -1: no anchors and no positives, but negatives of all others. Given again, a further one.",
      valueName: "label"))
  var ignoreLabel: [Int64] = []
  @Option(
    help:
      "Rows kN/V to (k+1)N/V − 1 are view k of the N/V samples. Without labels (SimCLR), or with --contrast-mode one or --positives-cap."
  )
  var views: Int?
  @Flag(help: "Scale the rows to unit length first; the gradient is that of the given rows.")
  var normalize = false
  @Option(help: "Temperature of the loss.")
  var temperature = DecimalArgument(Configuration().loss.temperature)
  @OptionGroup var lossVariant: LossVariantOptions
  @Option(
    help: ArgumentHelp(
      "Receives the gradient for the given rows, in their type; for 16-bit rows, float32.", valueName: "file"),
    completion: .file())
  var gradient: String?
  @Flag(help: "Print one JSON object as the last line: loss, anchors, collapse_value, lower_bound.")
  var json = false
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: LossEvaluation.Request {
    var request = LossEvaluation.Request(embeddings: embeddings)
    request.labels = labels
    request.ignoredLabels = ignoreLabel
    request.views = views
    request.isNormalizing = normalize
    request.loss = lossVariant.given.applied(to: Configuration()).loss
    request.loss.temperature = temperature.value
    request.gradient = gradient
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  var outputs: [OutputFile] { gradient.map { path in [OutputFile(path, .numPy, option: "--gradient")] } ?? [] }

  func problem(ranks: Int) -> String? {
    let given = lossVariant.given
    let needless = given.applied(to: Configuration()).needlessOption(of: .contrastive, given: given)
    return (given.problem ?? needless)?.description ?? request.problem
  }

  var hasResultOutput: Bool { true }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    // Notes go to the standard error, because the standard output may be parsed as JSON.
    let result = try LossEvaluation.run(request, over: world, report: Console.errorReporter(of: world))
    guard world.isRoot else { return .success }
    Console.line(
      json
        ? result.json
        : """
        loss            \(result.loss)
        lower bound     \(result.lowerBound)
        collapse value  \(result.collapseValue)
        anchors         \(result.anchors)
        """)
    return .success
  }
}
