import ArgumentParser
import Configuration
import Datasets
import Evaluation
import MPI

/// The command `supcon evaluate`, which measures a run's frozen encoder, and its classifier if it has one, on the test
/// set.
struct EvaluateCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures a run's frozen encoder, and its classifier where it has one, on the test set.",
    discussion: """
      Example: supcon evaluate runs/c10 --ood-dataset cifar100 --ood-data cifar-100-binary
      docs/evaluation.md defines every measure. All go to RUN/evaluation/summary.json, the confusion matrix beside it; those of
      pixels to RUN/evaluation-pixels/summary.json, those on another dataset (--transfer-dataset) to RUN/transfer-NAME/summary.json.
      """)

  @OptionGroup var source: RunOptions
  @Argument(help: ArgumentHelp("Run directory, if not given with --run.", valueName: "run"), completion: .directory)
  var arguments: [String] = []
  @Option(
    help: ArgumentHelp("Folder of the dataset, if it is not the one of the run.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(help: "The images to test on: test, or validation, to choose between runs.")
  var split = MeasuredSplit.test
  @Option(help: "Compare samples by the encoder's representations, or by their pixels as a control.")
  var features = EvaluationStage.Features.encoder
  @Option(help: "How many neighbors vote. (default: 20, or all training samples if they are fewer)")
  var neighbors: Int?
  @Option(help: ArgumentHelp("Another dataset, whose test images are to be told from the run's.", valueName: "name"))
  var oodDataset: DataOptions.Dataset?
  @Option(help: ArgumentHelp("Its folder.", valueName: "dir"), completion: .directory)
  var oodData: String?
  @Option(
    help: ArgumentHelp(
      "Folder of CIFAR-10-C, CIFAR-100-C or ImageNet-C; or made-here: 14 of the 15 corruptions computed here, which are not the published files.",
      valueName: "dir"),
    completion: .directory)
  var corruptions: String?
  @Option(
    help: ArgumentHelp(
      "Another dataset to measure the encoder on instead of the run's: k-NN, class means, linear classifier.",
      valueName: "name"))
  var transferDataset: DataOptions.Dataset?
  @Option(help: ArgumentHelp("Its folder.", valueName: "dir"), completion: .directory)
  var transferData: String?
  @Option(help: "Also test the classifier on the mean logits of images and their mirror images: none or mirror.")
  var tta = TestTimeAugmentation.none
  @Option(help: "Threads of each rank.")
  var threads = 1

  @OptionGroup var launch: LaunchOptions

  private var request: EvaluationStage.Request {
    var request = EvaluationStage.Request(run: source.split(arguments).run)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.split = split.split
    request.data = data
    request.features = features
    request.neighbors = neighbors
    request.outlierDataset = oodDataset
    request.outlierData = oodData
    request.corruptions = corruptions
    request.transferDataset = transferDataset
    request.transferData = transferData
    request.hasMirrorTest = tta == .mirror
    request.threads = threads
    return request
  }

  var threadsPerRank: Int { threads }

  func problem(ranks: Int) -> String? {
    source.problem(arguments) ?? request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try EvaluationStage.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}

extension EvaluationStage.Features: ExpressibleByArgument {}

extension DataOptions.Dataset: ExpressibleByArgument {}

/// The versions of an image over which a classifier's logits are averaged.
enum TestTimeAugmentation: String, ExpressibleByArgument, CaseIterable {
  /// The image only.
  case none
  /// The image and its horizontal mirror image.
  case mirror
}
