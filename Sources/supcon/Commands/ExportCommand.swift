import ArgumentParser
import Configuration
import Evaluation
import Formats
import MPI
import WeightExchange

/// The command `supcon export`, which writes a run's encoder for PyTorch or as ONNX.
struct ExportCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a run's encoder for PyTorch or as ONNX.",
    discussion: """
      Example: supcon export --run runs/c10 --format onnx --output c10.onnx
      It prints the lines of Python that load a safetensors file. An exported classifier of supcon linear includes its standardization of the features.
      """)

  @OptionGroup var source: RunOptions
  @Argument(help: ArgumentHelp("Run directory, if not given with --run.", valueName: "run"), completion: .directory)
  var arguments: [String] = []
  @Option(help: ArgumentHelp("Output file.", valueName: "file"), completion: .file())
  var output: String
  @Option(help: "safetensors (weights) or onnx (weights and operations).")
  var format = WeightExport.Format.safetensors
  @Option(
    help:
      "Images that an ONNX model takes: normalized, or those that it normalizes itself: unit (0 to 1) or levels (0 to 255)."
  )
  var onnxInput = WeightExport.ONNXInput.normalized
  @Option(
    help:
      "Names and models of safetensors: torchvision, supcontrast (SupConResNet), ge (ResNetContrastive of Guillaume Erhard's repository, models/resnet_contrastive.py; CIFAR ResNets). (default: torchvision; ge for CIFAR ResNets)"
  )
  var layout: WeightLayout?
  @Option(
    help:
      "encoder, or model: with the projection head. (default: encoder; of a run with such a head, model with --layout supcontrast and ge)"
  )
  var part: WeightLayout.Part?
  @Flag(
    inversion: .prefixedNo,
    help:
      "Include a classifier: that of supcon linear if there is one, else the one trained with the encoder. (default: where the layout has a place for it)"
  )
  var classifier: Bool?

  @OptionGroup var launch: LaunchOptions

  private var request: WeightExport.Request {
    var request = WeightExport.Request(run: source.split(arguments).run, output: output)
    request.checkpoint = source.checkpoint
    request.weights = source.weightsOf
    request.format = format
    request.input = onnxInput
    request.layout = layout
    request.part = part
    request.hasClassifier = classifier
    return request
  }

  var threadsPerRank: Int { 1 }

  var outputs: [OutputFile] { [OutputFile(output, format == .onnx ? .onnx : .safetensors)] }

  func problem(ranks: Int) -> String? {
    source.problem(arguments) ?? request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try WeightExport.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}

extension WeightExport.Format: ExpressibleByArgument {}
extension WeightExport.ONNXInput: ExpressibleByArgument {}
extension WeightLayout: ExpressibleByArgument {}
extension WeightLayout.Part: ExpressibleByArgument {}
