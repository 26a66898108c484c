import ArgumentParser
import MPI
import NeuralNet
import Training

/// `supcon import`.
struct ImportCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes a run directory from weights that PyTorch trained.",
    discussion: """
      Example: supcon import --weights resnet50.safetensors --layout torchvision --model resnet50 --dataset folder --data flowers \
      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --output runs/imported
      """)

  @Option(help: ArgumentHelp("Weights in the safetensors format.", valueName: "file"))
  var weights: String
  @Option(
    help: "Whose names they have: torchvision, supcontrast (SupConResNet), ge (ResNetContrastive; CIFAR ResNets).")
  var layout: WeightLayout
  @Option(help: "Encoder: \(ResNetArchitecture.names.joined(separator: ", ")).")
  var model: String
  @Option(help: "What views pass first: cifar, imagenet, or auto: what the first convolution's shape says.")
  var stem = "auto"
  @Option(help: ArgumentHelp("Run directory. (default: runs/import-MODEL-DATASET-N)", valueName: "dir"))
  var output: String?

  @Option(help: "Dataset of later stages: shapes (built in), cifar10, cifar100, folder.")
  var dataset: String
  @Option(help: ArgumentHelp("CIFAR's binary files, a folder of pictures, or a pack.", valueName: "dir"))
  var data: String?
  @Option(help: "Share of a folder's pictures to keep for validation where it has no tree of them.")
  var validationFraction: Double?
  @Option(help: "A picture that cannot be used: stop, or skip it and say so. (default: stop)")
  var badImages: String?
  @Option(help: "JPEG pictures: full, or scaled, halved while they stay twice as large as views. (default: full)")
  var decode: String?
  @Option(help: ArgumentHelp("Mean that the weights expect of a folder's pictures, 0 to 1.", valueName: "r,g,b"))
  var mean: String?
  @Option(help: ArgumentHelp("Their standard deviation.", valueName: "r,g,b"))
  var std: String?
  @Option(help: ArgumentHelp("Height and width of views. (default: the dataset's own)", valueName: "pixels"))
  var imageSize: Int?
  @Option(help: "Numbers that the encoder multiplies: float32, bfloat16, or auto.")
  var precision = "float32"

  @OptionGroup var launch: LaunchOptions

  private var request: WeightImport.Request {
    var overrides = RecipeOverrides()
    overrides.set(model, for: "model")
    overrides.set(stem, for: "stem")
    overrides.set(dataset, for: "dataset")
    overrides.set(data, for: "data")
    overrides.set(validationFraction, for: "validation-fraction")
    overrides.set(badImages, for: "bad-images")
    overrides.set(decode, for: "decode")
    overrides.set(mean, for: "mean")
    overrides.set(std, for: "std")
    overrides.set(imageSize, for: "image-size")
    overrides.set(precision, for: "precision")
    return WeightImport.Request(weights: weights, layout: layout, overrides: overrides, output: output)
  }

  var threadsPerRank: Int { 1 }

  func problem(ranks: Int) -> String? {
    request.problem
  }

  func run(over world: borrowing Communicator) throws -> Training.ExitCode {
    try WeightImport.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
