import Configuration
import Formats
import NeuralNet
import Runs

/// The weight file of another program, whose tensor names are translated by a ``WeightLayout``.
struct ForeignWeights {
  /// The path of the file.
  let path: String
  /// The model's tensors in the file: name and header entry there, by name without the file's prefix.
  let entries: [String: (name: String, entry: SafetensorsHeader.Entry)]

  /// The names of tensors in the file outside the model, such as those of a momentum encoder or an optimizer.
  let outside: [String]

  /// The text before the names of the model's tensors; empty for none.
  let prefix: String

  /// The file's metadata, in which `supcon export` stores the preprocessing of images.
  var metadata: [String: String] { file.metadata }

  private let layout: WeightLayout
  private let file: SafetensorsFile

  /// Reads the header of a weight file.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - layout: The naming scheme of the file.
  ///   - prefix: The text with which the names of the model's tensors begin; `nil` to detect it (``WeightPrefix``).
  /// - Throws: `FileError`, also if the file has another format.
  package init(path: String, _ layout: WeightLayout, prefix: String? = nil) throws(FileError) {
    self.path = path
    self.layout = layout
    file = try SafetensorsFile(path: path, needsChecksum: false)
    guard !Checkpoint.isCheckpoint(metadata: file.metadata) else {
      throw FileError(.content, "\(path): is a checkpoint of supcon; give its run to --init, or to supcon export first")
    }
    let names = file.entries.keys.filter { name in name != SafetensorsChecksum.name }
    let chosen = try WeightPrefix.chosen(prefix, of: names, layout, path: path)
    var entries: [String: (name: String, entry: SafetensorsHeader.Entry)] = [:]
    var outside: [String] = []
    for name in names {
      guard let plain = chosen.modelName(of: name) else {
        outside.append(name)
        continue
      }
      entries[plain] = file.entries[name].map { entry in (name, entry) }
    }
    self.entries = entries
    self.outside = outside.sorted()
    part = chosen.part
    self.prefix = chosen.text
  }

  // MARK: - The model in the file

  /// The part that the file contains: a whole model or, in naming schemes that distinguish them, its encoder only.
  let part: WeightLayout.Part

  /// The input stem, detected from the size of the first convolution.
  var stem: ResNetArchitecture.Stem {
    let convolution = layout.name(of: "encoder.conv1.weight", part)
    return entries[convolution]?.entry.shape.last == 7 ? .imagenet : .cifar
  }

  /// Sets the projection head of a configuration to the one in the file.
  ///
  /// A head of another kind, such as one with BatchNorm, is left out: the encoder is of use without it.
  func setHead(_ configuration: inout Configuration) {
    func outputs(_ slice: String) -> Int? {
      // The shape of a tensor without elements is not trusted.
      entries[layout.name(of: slice, part)].flatMap { found in
        found.entry.range.isEmpty ? nil : found.entry.shape.first
      }
    }
    func names(_ layers: [String]) -> Set<String> {
      Set(layers.flatMap { layer in ["weight", "bias"].map { kind in layout.name(of: "\(layer).\(kind)", part) } })
    }
    let own = Set(entries.keys.filter { name in name.hasPrefix("head.") || name.hasPrefix("contrastive_") })
    if own == names(["head.0", "head.2"]), let hidden = outputs("head.0.weight"), let width = outputs("head.2.weight") {
      configuration.head.kind = .mlp
      configuration.head.embeddingWidth = width
      if hidden != configuration.model.encoder.representationWidth {
        configuration.head.widths = [hidden, width]
      }
    } else if own == names(["head"]), let width = outputs("head.weight") {
      configuration.head.kind = .linear
      configuration.head.embeddingWidth = width
    } else {
      configuration.head.kind = .none
    }
  }

  // MARK: - Tensors

  /// The names of the tensors in the file that belong to a classifier.
  var classifierNames: [String] {
    ["weight", "bias"].compactMap { kind in entries["\(layout.classifierName).\(kind)"]?.name }
  }

  /// Checks that the tensors in the file have exactly the names and shapes that the model expects.
  ///
  /// - Throws: ``RunError`` with the number and the first of the tensors that are missing, unexpected or have another
  ///   shape.
  func check(_ slices: [VectorSlice], model: String) throws(RunError) {
    var known = Set(["weight", "bias"].map { kind in "\(layout.classifierName).\(kind)" })
    var (missing, misshapen): ([String], [String]) = ([], [])
    for slice in slices {
      let name = layout.name(of: slice.name, part)
      known.insert(name)
      if let counter = WeightLayout.counter(besides: name) {
        known.insert(counter)
      }
      guard let (_, entry) = entries[name] else {
        missing.append(name)
        continue
      }
      if entry.shape != slice.shape || !entry.type.isFloatingPoint {
        let type = entry.type.isFloatingPoint ? "" : "\(entry.type.rawValue) "
        misshapen.append("\(name), \(type)\(Self.text(entry.shape)), expected \(Self.text(slice.shape))")
      }
    }
    let surplus = surplus(known)
    // Superfluous tensors that no encoder has, such as another program's head, are harmless.
    let strange = surplus.filter(isOfEncoder)
    let clashes = [
      (missing, "of its tensors are missing", "of its tensors is missing"),
      (misshapen, "differ in shape", "differs in shape"),
      (strange.isEmpty ? surplus : strange, "belong to another model", "belongs to another model"),
    ].filter { names, _, _ in !names.isEmpty }
      .map { names, several, one in "\(names.count) \(names.count == 1 ? one : several) (first: \(names[0]))" }
    if missing.isEmpty, misshapen.isEmpty, strange.isEmpty { return }
    guard clashes.isEmpty else {
      let hasProjections = layout == .ge && strange.contains(where: Self.isOfProjection)
      throw RunError(
        .data,
        "\(path): is not a \(model) in the layout \(layout.rawValue): \(clashes.joined(separator: ", "))",
        remedy: hasProjections
          ? "its shortcuts are 1×1 convolutions (B): CIFAR ResNets are imported with zero padding (A) only"
          : "give the --model, --stem and --layout that the weights were made with"
      )
    }
  }

  /// Returns true for a tensor of a shortcut with a convolution, by the names of torchvision and of SupContrast.
  private static func isOfProjection(_ name: String) -> Bool {
    name.split(separator: ".").contains { part in part == "downsample" || part == "shortcut" }
  }

  /// Returns the names in the file of the tensors in ``entries`` that are not among the `known` names.
  private func surplus(_ known: Set<String>) -> [String] {
    entries.filter { name, _ in !known.contains(name) }.map(\.value.name).sorted()
  }

  private func isOfEncoder(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    // A head may have layers of the same names.
    return !parts.contains("head")
      && parts.contains { part in
        part == "conv1" || part == "bn1"
          || (part.count > 5 && part.hasPrefix("layer") && part.dropFirst(5).allSatisfy(\.isNumber))
      }
  }

  /// Returns the names of the tensors that an import ignores: those outside the model, and those without a counterpart
  /// in `slices`, but no classifier.
  func leftOut(_ slices: [VectorSlice]) -> [String] {
    var known = Set(["weight", "bias"].map { kind in "\(layout.classifierName).\(kind)" })
    for slice in slices {
      let name = layout.name(of: slice.name, part)
      known.insert(name)
      known.insert(WeightLayout.counter(besides: name) ?? name)
    }
    return surplus(known) + outside
  }

  /// Fills parameters and running statistics; call ``check(_:model:)`` before.
  ///
  /// - Throws: ``RunError`` naming a tensor that contains NaN or infinity.
  func fill(_ state: TrainingState) throws {
    for slice in state.parameterLayout.slices {
      state.parameters.replace(slice.range, with: try elements(of: slice))
    }
    for slice in state.statisticsLayout.slices {
      state.statistics.replace(slice.range, with: try elements(of: slice))
    }
  }

  private func elements(of slice: VectorSlice) throws -> [Float] {
    let name = layout.name(of: slice.name, part)
    let elements = try file.floats(entries[name]?.name ?? name, shape: slice.shape)
    guard elements.allSatisfy(\.isFinite) else {
      throw RunError(.data, "\(path): \(name) holds NaN or infinity, expected finite weights")
    }
    guard !name.hasSuffix("running_var") || elements.allSatisfy({ variance in variance >= 0 }) else {
      throw RunError(.data, "\(path): \(name) holds a variance below 0")
    }
    return elements
  }

  /// Returns a shape as text, such as `64×3×7×7`, or `one number` for a scalar.
  private static func text(_ shape: [Int]) -> String {
    shape.isEmpty ? "one number" : shape.map(String.init).joined(separator: "×")
  }
}
