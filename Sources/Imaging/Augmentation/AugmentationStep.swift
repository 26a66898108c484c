import KeyedRandomness

/// One operation of an augmentation, with its parameters.
protocol AugmentationStep: Sendable {
  /// The name of the operation in an augmentation's text.
  var name: String { get }

  /// The effect of the operation in one sentence, for the help text.
  var summary: String { get }

  /// The parameters of the operation, in the order of the help text.
  var parameters: [AugmentationParameter<Self>] { get }

  /// True if the operation makes an image of the view's size from one of any size.
  var decidesSize: Bool { get }

  /// The same operation with default parameters.
  var withDefaults: Self { get }

  /// Applies the operation to the current image of the workspace.
  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream)
}

extension AugmentationStep {
  var decidesSize: Bool { false }

  /// Returns the operation as text, with those parameters that differ from their defaults, or with all.
  func text(isComplete: Bool = false) -> String {
    let defaults = withDefaults
    let arguments = parameters.compactMap { parameter -> String? in
      let value = parameter.text(of: self)
      return isComplete || value != parameter.text(of: defaults) ? "\(parameter.name)=\(value)" : nil
    }
    return arguments.isEmpty ? name : "\(name)(\(arguments.joined(separator: ", ")))"
  }
}
