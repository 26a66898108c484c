/// An error in the text of an augmentation, such as an unknown operation or a value out of range.
public struct AugmentationError: Error, Equatable, CustomStringConvertible {
  /// The message: element, parameter, expected and actual value, and the remedy.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
