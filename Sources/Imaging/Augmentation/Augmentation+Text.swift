import Spelling

extension Augmentation: CustomStringConvertible {
  /// All presets and operations that the text of an augmentation may name.
  private static let vocabulary: [any AugmentationStep] = presetSteps + operations

  /// Every operation with its default parameters, in the order of the help text.
  static let operations: [any AugmentationStep] =
    [
      ResizedCrop(), PaddedCrop(), CenterCrop(), Resize(), Flip(), ColorJitter(), GaussianBlur(), AutoAugment(),
      RandAugment(),
    ] + ImageOperation.allCases.map { operation in RandomOperation(operation) } + [TensorJitter(), TensorGrayscale()]

  /// The British spellings of names and values in configurations of version 0.1.0, with the current spellings.
  private static let formerNames = [
    "equalise": "equalize", "posterise": "posterize", "solarise": "solarize", "solarise-add": "solarize-add",
    "colour": "color", "greyscale": "grayscale", "tensor-greyscale": "tensor-grayscale", "centre-crop": "center-crop",
    "grey": "gray",
  ]

  /// Parses an augmentation: presets and operations joined by `+`, each followed in parentheses by parameters that
  /// differ from their defaults.
  ///
  /// For example `supcontrast`, or `resized-crop(area=0.2..1, filter=bicubic) + flip + cutout(side=8)`.
  ///
  /// - Throws: ``AugmentationError`` naming the element, the parameter, the expected values, and the most similar name
  ///   to a mistyped one.
  public init(_ text: String) throws(AugmentationError) {
    if text.trimmed == "none" {
      self = .none
      return
    }
    var steps: [any AugmentationStep] = []
    for element in text.split(separator: "+", omittingEmptySubsequences: false) {
      let step = try Self.step(String(element).trimmed)
      if let last = steps.last(where: { step in step.values != .levels }), step.values != .floats {
        throw AugmentationError(
          "\(step.name) after \(last.name): expected operations on floats after the first one; put \(step.name) before")
      }
      steps.append(step)
    }
    self.init(steps: steps)
  }

  /// The augmentation as text, which ``init(_:)`` parses to an equal augmentation.
  public var description: String {
    steps.isEmpty ? "none" : steps.map { step in step.text() }.joined(separator: " + ")
  }

  private static func step(_ text: String) throws(AugmentationError) -> any AugmentationStep {
    let open = text.firstIndex(of: "(")
    let name = current(String(text[..<(open ?? text.endIndex)]).trimmed)
    guard let step = vocabulary.first(where: { step in step.name == name }) else {
      let nearest = vocabulary.map { step in step.name }.nearest(to: name)
      let found = name.isEmpty ? "an empty element" : "no preset or operation \(name)"
      throw AugmentationError(
        "\(found); expected one of \(presets.map { preset in preset.name }.joined(separator: ", ")), "
          + "or operations joined by +\(nearest.map { nearest in "; did you mean \(nearest)?" } ?? "")")
    }
    guard let open else { return step }
    guard text.hasSuffix(")") else {
      throw AugmentationError("\(text): expected a closing parenthesis at the end of the parameters of \(name)")
    }
    return try set(String(text[text.index(after: open)..<text.index(before: text.endIndex)]), of: step)
  }

  /// Returns the current spelling of a name or value.
  private static func current(_ word: String) -> String { formerNames[word] ?? word }

  private static func set<Step: AugmentationStep>(
    _ arguments: String, of step: Step
  ) throws(AugmentationError) -> any AugmentationStep {
    var step = step
    let names = step.parameters.map { parameter in parameter.name }
    var given = Set<String>()
    for argument in arguments.split(separator: ",") {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0]).trimmed
      guard let parameter = step.parameters.first(where: { parameter in parameter.name == name }) else {
        let advice = names.nearest(to: name).map { nearest in "did you mean \(nearest)?" }
        throw AugmentationError(
          "\(step.name) has no parameter \(name); \(advice ?? "it has \(names.isEmpty ? "none" : names.joined(separator: ", "))")"
        )
      }
      guard given.insert(name).inserted else {
        throw AugmentationError("\(step.name): \(name) is given twice; leave one out")
      }
      guard parts.count == 2 else {
        throw AugmentationError("\(step.name): expected \(name)=…, \(parameter.expected); found no value")
      }
      let value = current(String(parts[1]).trimmed)
      guard let changed = parameter.setting(step, value) else {
        throw AugmentationError("\(step.name): \(name)=\(value): expected \(parameter.expected)")
      }
      step = changed
    }
    return step
  }
}

extension String {
  /// The string without spaces at both ends.
  fileprivate var trimmed: String {
    String(drop { letter in letter == " " }.reversed().drop { letter in letter == " " }.reversed())
  }
}
