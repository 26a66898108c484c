import ArgumentParser
import Configuration
import Evaluation
import MPI
import NeuralNet
import WeightExchange

/// The command `supcon import`, which creates a run directory from weights that another program trained.
struct ImportCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes a run directory from weights that PyTorch trained.",
    discussion: """
      Example: supcon import --weights resnet50.safetensors --layout torchvision --model resnet50 --dataset folder --data flowers \
      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --output runs/imported
      """)

  @Option(help: ArgumentHelp("Weights in the safetensors format.", valueName: "file"), completion: .file())
  var weights: String
  @Option(
    help:
      "Naming scheme of the tensors: torchvision, supcontrast (SupConResNet), ge (ResNetContrastive of Guillaume Erhard's repository; CIFAR ResNets)."
  )
  var layout: WeightLayout
  @Option(
    help: ArgumentHelp(
      "Beginning of the names of the encoder's tensors, such as backbone or encoder_q, where the file holds several encoders. (default: found)",
      valueName: "prefix"))
  var prefix: String?
  @Option(help: "Encoder: \(ResNetArchitecture.names.joined(separator: ", ")).")
  var model: String
  @Option(help: "Input stem: cifar, imagenet, or auto: by the shape of the first convolution.")
  var stem = "auto"
  @Option(
    help: ArgumentHelp("Run directory. (default: runs/import-MODEL-DATASET-N)", valueName: "dir"),
    completion: .directory)
  var output: String?

  @Option(
    help: "Dataset of later stages, required: shapes (built in), cifar10, cifar100, folder.",
    completion: .list(DataOptions.Dataset.allCases.map(\.rawValue)))
  var dataset: String
  /// The dataset's files and the image size, which later commands such as `supcon linear` use.
  @OptionGroup var images: ImageOptions
  @Option(help: "Compute data type of the encoder: float32, bfloat16, or auto.")
  var precision = "float32"

  @OptionGroup var launch: LaunchOptions

  private var request: WeightImport.Request {
    var overrides = images.given
    overrides.give(dataset, for: "dataset")
    overrides.give(model, for: "model")
    overrides.give(stem, for: "stem")
    overrides.give(precision, for: "precision")
    var request = WeightImport.Request(weights: weights, layout: layout, overrides: overrides, output: output)
    request.prefix = prefix
    return request
  }

  var threadsPerRank: Int { 1 }

  func problem(ranks: Int) -> String? { request.problem }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try WeightImport.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
