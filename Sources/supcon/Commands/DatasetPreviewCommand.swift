import ArgumentParser
import Configuration
import Formats
import Job
import MPI
import Tools

/// The command `supcon dataset preview`, which draws samples and their views into a PNG file.
struct DatasetPreviewCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draws samples and their views into a PNG file, to see what an augmentation does.",
    discussion: """
      Example: supcon dataset preview --data flowers --augmentation crop-flip-jitter --output views.png
      A row a sample: first as evaluation sees it, then its views.
      """)

  @OptionGroup var dataset: DatasetOptions
  @Option(help: "Augmentation of the views; --augmentation help lists all.")
  var augmentation = "\(Configuration().views.augmentation)"
  @Option(help: "Number of samples.")
  var samples = 8
  @Option(help: "Number of views of each.")
  var views = 6
  @Option(help: ArgumentHelp("Height and width of views. (default: the dataset's own)", valueName: "pixels"))
  var imageSize: String?
  @Option(help: "Random seed of the views.")
  var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Output file.", valueName: "file"), completion: .file())
  var output = "preview.png"

  private var request: DatasetPreview.Request {
    var overrides = dataset.overrides
    overrides.give(imageSize, for: "image-size")
    overrides.give(augmentation, for: "augmentation")
    var request = DatasetPreview.Request(dataset: DatasetRequest(overrides: overrides, threads: dataset.threads))
    request.augmentation = request.dataset.configuration.views.augmentation
    request.samples = samples
    request.views = views
    request.seed = seed
    request.output = output
    return request
  }

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { dataset.threads ?? 1 }

  var outputs: [OutputFile] { [OutputFile(output, .png)] }

  func problem(ranks: Int) -> String? {
    request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetPreview.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
