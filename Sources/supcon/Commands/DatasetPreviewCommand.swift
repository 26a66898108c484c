import ArgumentParser
import Configuration
import Job
import MPI
import Tools

/// `supcon dataset preview`.
struct DatasetPreviewCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draws samples and their views into a PNG file, to see what an augmentation does.",
    discussion: """
      Example: supcon dataset preview --data flowers --augmentation crop-flip-jitter --output views.png
      A row a sample: first as evaluation sees it, then its views.
      """)

  @OptionGroup var dataset: DatasetOptions
  @Option(help: "How views are made; --augmentation help lists all.")
  var augmentation = Configuration().augmentation
  @Option(help: "How many samples.")
  var samples = 8
  @Option(help: "How many views of each.")
  var views = 6
  @Option(help: ArgumentHelp("Height and width of views. (default: the dataset's own)", valueName: "pixels"))
  var imageSize: Int?
  @Option(help: "Where the views' random draws begin.")
  var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Where the image will stand.", valueName: "file"))
  var output = "preview.png"

  private var request: DatasetPreview.Request {
    var overrides = dataset.overrides
    overrides.set(imageSize, for: "image-size")
    var request = DatasetPreview.Request(dataset: DatasetRequest(overrides: overrides, threads: dataset.threads))
    request.augmentation = augmentation
    request.samples = samples
    request.views = views
    request.seed = seed
    request.output = output
    return request
  }

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { dataset.threads ?? 1 }

  func problem(ranks: Int) -> String? {
    request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetPreview.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
