import NeuralNet

/// A description of the contents of an exported weight file.
struct WrittenWeights {
  let path: String
  let encoder: ResNetArchitecture
  /// The projection head; `nil` if the file does not contain one.
  let head: ProjectionHeadArchitecture?
  /// The number of classes of the classifier; `nil` if the file does not contain one.
  let classCount: Int?
}

extension WeightLayout {
  /// Returns lines of Python that create the model of an exported file and load its weights with `strict=True`.
  func loadingLines(_ file: WrittenWeights) -> [String] {
    let classes = file.classCount.map { count in "num_classes=\(count)" }
    let model: [String] =
      switch self {
      case .torchvision: torchvisionModel(file, classes)
      case .supcontrast: [supContrastModel(file)]
      case .ge: geModel(file, classes)
      }
    let imports = self == .torchvision ? "torch, torchvision, safetensors.torch" : "torch, safetensors.torch"
    let path = Self.literal(file.path)
    let own =
      self == .ge
      ? [
        "# or with supcon's cifar_resnet.py (scripts/pytorch; installed: share/supcon/pytorch):",
        "# model = cifar_resnet.load(\(path))",
      ] : []
    return ["import \(imports)"] + model + [
      "model.load_state_dict(safetensors.torch.load_file(\(path)), strict=True)"
    ] + own
  }

  /// Returns a path as a Python string literal.
  private static func literal(_ path: String) -> String {
    let escaped = path.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\"": "\\\""
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default: "\(scalar)"
      }
    }
    return "\"\(escaped.joined())\""
  }

  private func torchvisionModel(_ file: WrittenWeights, _ classes: String?) -> [String] {
    let encoder = file.encoder
    var lines = ["model = torchvision.models.\(encoder.name)(\(classes ?? ""))"]
    if encoder.name == "resnet200" {
      // This is the only encoder for which torchvision has no function.
      let arguments = ["torchvision.models.resnet.Bottleneck", "\(encoder.blockCounts)", classes].compactMap { $0 }
      lines = ["model = torchvision.models.ResNet(\(arguments.joined(separator: ", ")))"]
    }
    if classes == nil {
      lines.append("model.fc = torch.nn.Identity()")
    }
    if encoder.stem == .cifar {
      lines.append("model.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)")
      lines.append("model.maxpool = torch.nn.Identity()")
    }
    return lines
  }

  private func supContrastModel(_ file: WrittenWeights) -> String {
    let encoder = file.encoder
    let hasFunction = ["resnet18", "resnet34", "resnet50", "resnet101"].contains(encoder.name)
    let make =
      hasFunction
      ? "networks.resnet_big.\(encoder.name)"
      : "lambda: networks.resnet_big.ResNet(networks.resnet_big.Bottleneck, \(encoder.blockCounts))"
    let importing = "import networks.resnet_big; "
    guard let head = file.head else { return "\(importing)model = \(hasFunction ? make : "(\(make))")()" }
    let adding =
      hasFunction
      ? "" : "networks.resnet_big.model_dict[\"\(encoder.name)\"] = [\(make), \(encoder.representationWidth)]; "
    let kind = head.widths.count == 1 ? "linear" : "mlp"
    return
      "\(importing)\(adding)model = networks.resnet_big.SupConResNet(\"\(encoder.name)\", head=\"\(kind)\", feat_dim=\(head.widths[head.widths.count - 1]))"
  }

  private func geModel(_ file: WrittenWeights, _ classes: String?) -> [String] {
    let width = file.head.map { head in "contrastive_dimension=\(head.widths[0])" }
    let arguments = ["BasicBlock", "\(file.encoder.blockCounts)", classes, width].compactMap { argument in argument }
    var lines = [
      "# models is that of https://github.com/GuillaumeErhard/Supervised_contrastive_loss_pytorch",
      "from models.resnet_contrastive import BasicBlock, ResNetContrastive",
      "model = ResNetContrastive(\(arguments.joined(separator: ", ")))",
    ]
    if classes == nil {
      lines.append("model.linear = torch.nn.Identity()")
    }
    if file.head == nil {
      lines.append("model.contrastive_hidden_layer = model.contrastive_output_layer = torch.nn.Identity()")
    }
    return lines
  }
}
