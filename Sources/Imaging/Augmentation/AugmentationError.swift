/// The refusal of an augmentation's text, such as an unknown operation or a value outside its range.
public struct AugmentationError: Error, Equatable, CustomStringConvertible {
  /// The message: element, parameter, expected and actual value, and the remedy.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
