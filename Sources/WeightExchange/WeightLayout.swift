import Configuration
import NeuralNet

/// A naming scheme: the tensor names of another program, and the encoders and heads that its models support.
package enum WeightLayout: String, Sendable, CaseIterable {
  /// The names of torchvision's and timm's ResNets, such as `layer2.0.downsample.0.weight`; the classifier is `fc`, and
  /// there is no projection head.
  case torchvision
  /// The names of SupContrast's `SupConResNet`, such as `encoder.layer2.0.shortcut.0.weight` and `head.0.weight`.
  case supcontrast
  /// The names in GuillaumeErhard's `ResNetContrastive` (CIFAR ResNets), such as `contrastive_hidden_layer.weight`; the
  /// classifier is `linear`.
  case ge

  /// The part of a model that a file contains.
  package enum Part: String, Sendable, CaseIterable {
    /// The encoder, which maps views to representations.
    case encoder
    /// The encoder with the projection head, which maps views to embeddings.
    case model
  }

  /// Returns the naming scheme whose models have an encoder of this kind.
  package static func usual(for encoder: ResNetArchitecture) -> WeightLayout {
    encoder.offersZeroPadding ? .ge : .torchvision
  }

  /// The default part of a file with this naming scheme.
  package var usualPart: Part { self == .torchvision ? .encoder : .model }

  /// The name of the classifier in a file with this naming scheme; SupContrast stores it in a separate file.
  var classifierName: String {
    switch self {
    case .torchvision, .supcontrast: "fc"
    case .ge: "linear"
    }
  }

  /// True if the other program's models scale representations to unit length before head and classifier.
  var isNormalizingRepresentations: Bool { self == .ge }

  /// The metadata key that says, as `true` or `false`, whether the run scaled representations to unit length.
  static let normalizationMetadata = "normalize_encoder"

  // MARK: - Names

  /// Translates one of this program's tensor names, such as `encoder.layer2.0.shortcut.0.weight`, to the name in a file
  /// with the given part.
  package func name(of slice: String, _ part: Part) -> String {
    switch self {
    case .torchvision: Self.withoutPrefix(slice).replacing(".shortcut.", with: ".downsample.")
    case .supcontrast: part == .model ? slice : Self.withoutPrefix(slice)
    case .ge:
      Self.withoutPrefix(slice).replacing("head.0.", with: "contrastive_hidden_layer.")
        .replacing("head.2.", with: "contrastive_output_layer.")
    }
  }

  private static let encoderPrefix = "encoder."

  private static func withoutPrefix(_ slice: String) -> String {
    slice.hasPrefix(encoderPrefix) ? String(slice.dropFirst(encoderPrefix.count)) : slice
  }

  /// Returns the name of PyTorch's `num_batches_tracked` counter that belongs to a running mean; `nil` for other names.
  package static func counter(besides name: String) -> String? {
    let mean = "running_mean"
    return name.hasSuffix(mean) ? name.dropLast(mean.count) + "num_batches_tracked" : nil
  }

  /// Returns true if a tensor belongs to the given part; a classifier trained with the encoder belongs to none.
  package static func isSlice(_ name: String, of part: Part) -> Bool {
    name.hasPrefix(encoderPrefix) || (part == .model && name.hasPrefix("head."))
  }

  // MARK: - Supported models

  /// Returns the reason why the other program's models do not include the encoder; `nil` if they do.
  ///
  /// The layout is named as an option if it was given. Only an export can choose another format.
  package func problem(_ encoder: ResNetArchitecture, isGiven: Bool = true, isImport: Bool = false) -> String? {
    let title = (isGiven ? "--layout \(rawValue):" : "the usual layout, \(rawValue),") + " has no \(encoder.name)"
    guard encoder.offersZeroPadding == (self == .ge) else {
      let others = self == .ge ? "torchvision or supcontrast" : "ge"
      return
        "\(title), whose blocks come in \(encoder.widths.count) groups, but models of \(self == .ge ? 3 : 4) groups; choose --layout \(others)"
    }
    let widths = self == .ge ? [16, 32, 64] : [64, 128, 256, 512]
    guard encoder.widths == widths else {
      return
        "\(title) of the widths \(Self.list(encoder.widths)), but only of \(Self.list(widths)); choose --format onnx"
    }
    if self == .ge, encoder.shortcut != .zeroPadded {
      return "\(title) with --shortcut B, but only with A; choose --format onnx"
    }
    if self != .torchvision, encoder.stem != .cifar {
      let others: [String] = (self == .ge ? [] : ["--layout torchvision"]) + (isImport ? [] : ["--format onnx"])
      return "\(title) with --stem imagenet, but only with the 3×3 stem"
        + (others.isEmpty ? "" : "; choose \(others.joined(separator: " or "))")
    }
    return nil
  }

  /// Returns the reason why the other program's models do not support the configuration's projection head and
  /// normalization; `nil` if they do.
  ///
  /// The part is named as an option if it was given.
  package func headProblem(_ configuration: Configuration, isGiven: Bool = true) -> String? {
    let advice = "choose --part encoder or --format onnx"
    let (head, width) = (configuration.headArchitecture, configuration.architecture.representationWidth)
    // Without --part the layout decides on the head, without --layout the encoder on the layout.
    let title = isGiven ? "--part model, layout \(rawValue)" : "--layout \(rawValue), with the projection head"
    if self == .torchvision {
      return "\(title): its models have no projection head; choose --part encoder or --layout supcontrast"
    }
    if configuration.model.normalizeEncoder != isNormalizingRepresentations {
      return
        "\(title): its model \(isNormalizingRepresentations ? "scales" : "does not scale") representations to unit length before the head, but the run was trained \(configuration.model.normalizeEncoder ? "with" : "without") --normalize-encoder; \(advice)"
    }
    let isFitting =
      switch self {
      case .torchvision: false
      case .supcontrast: head.widths.count == 1 || (head.widths.count == 2 && head.widths[0] == width)
      case .ge: head.widths.count == 2 && head.widths[0] == head.widths[1]
      }
    guard isFitting, !head.hasBatchNormalization else {
      let own = Self.list([width] + head.widths) + (head.hasBatchNormalization ? " with batch normalization" : "")
      let others =
        self == .ge ? "\(width), d, d (--head-widths d,d)" : "\(width), \(width), d or \(width), d (--head mlp, linear)"
      return "\(title): its model has no head of the widths \(own), but of \(others); \(advice)"
    }
    return nil
  }

  private static func list(_ widths: [Int]) -> String {
    widths.map { width in "\(width)" }.joined(separator: ", ")
  }
}
