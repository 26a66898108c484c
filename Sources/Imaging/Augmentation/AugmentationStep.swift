import KeyedRandomness

/// The number format of the image on which an augmentation's operation works.
enum StepValues: Sendable {
  /// 8-bit values (levels); such operations must precede those on floats.
  case levels
  /// Floats from 0 to 1.
  case floats
  /// First 8-bit values, then floats: a preset that ends with operations on floats.
  case levelsThenFloats
}

/// One operation of an augmentation, with its parameters.
protocol AugmentationStep: Sendable {
  /// The name of the operation in an augmentation's text.
  var name: String { get }

  /// The operation's effect in one sentence, for the help text.
  var summary: String { get }

  /// The parameters of the operation, in the order of the help text.
  var parameters: [AugmentationParameter<Self>] { get }

  /// True if the operation makes an image of the view's size from an image of any size.
  var decidesSize: Bool { get }

  /// The number format on which the operation works.
  var values: StepValues { get }

  /// The probability of each horizontal flip that the operation performs; empty if it performs none.
  var flipProbabilities: [Double] { get }

  /// A copy of the operation with default parameters.
  var withDefaults: Self { get }

  /// Applies the operation to the current image of the workspace.
  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream)
}

extension AugmentationStep {
  var decidesSize: Bool { false }

  /// Returns the operation as text, with the parameters that differ from their defaults.
  func text() -> String {
    let defaults = withDefaults
    let arguments = parameters.compactMap { parameter -> String? in
      let value = parameter.text(of: self)
      return value != parameter.text(of: defaults) ? "\(parameter.name)=\(value)" : nil
    }
    return arguments.isEmpty ? name : "\(name)(\(arguments.joined(separator: ", ")))"
  }
}
