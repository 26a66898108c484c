import KeyedRandomness

/// One operation of an augmentation: a value with named parameters.
protocol AugmentationStep: Sendable {
  /// Its name in the text form.
  var name: String { get }

  /// Its effect in a sentence, for the help.
  var summary: String { get }

  /// Its parameters, in the order in which they are listed.
  var parameters: [AugmentationParameter<Self>] { get }

  /// True if it makes an image of the view's size from one of any size.
  var decidesSize: Bool { get }

  /// The value of this name with all parameters at their defaults.
  var withDefaults: Self { get }

  /// Changes the current image.
  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream)
}

extension AugmentationStep {
  var decidesSize: Bool { false }

  /// The text form, with the parameters that are not at their defaults, or with all.
  func text(isComplete: Bool = false) -> String {
    let defaults = withDefaults
    let arguments = parameters.compactMap { parameter -> String? in
      let value = parameter.text(of: self)
      return isComplete || value != parameter.text(of: defaults) ? "\(parameter.name)=\(value)" : nil
    }
    return arguments.isEmpty ? name : "\(name)(\(arguments.joined(separator: ", ")))"
  }
}
