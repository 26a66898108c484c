/// What is wrong with an encoded image, in words for its user; who knows the file's name puts it in front.
public struct ImageError: Error, CustomStringConvertible, Equatable {
  /// What was expected and what was found.
  public let description: String

  /// An error in the given words.
  init(_ description: String) {
    self.description = description
  }
}
