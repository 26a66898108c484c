import ArgumentParser
import Configuration
import MPI
import Tools

/// The command `supcon dataset info`, which prints the classes, numbers and sizes of a dataset's images, their mean and
/// deviation.
struct DatasetInfoCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Says what a dataset holds: classes, numbers and sizes of images, their mean and deviation.",
    discussion: """
      Example: supcon dataset info --data flowers
      A folder's images are decoded once; what was found is kept in DIR/supcon-dataset.json until a file changes.
      """)

  @OptionGroup var dataset: DatasetOptions
  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { dataset.threads ?? 1 }

  var hasResultOutput: Bool { json }

  func problem(ranks: Int) -> String? {
    dataset.request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetInspection.info(dataset.request, isJSON: json, over: world, report: Console.reporter(of: world))
    return .success
  }
}
