/// A fault in the text of an augmentation.
public struct AugmentationError: Error, Equatable, CustomStringConvertible {
  /// The element, the parameter, what was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
