/// A fault of an encoded image, in words for the user; the caller puts the file's name in front.
public struct ImageError: Error, CustomStringConvertible, Equatable {
  /// The expected and the found, and the remedy.
  public let description: String

  /// An error in the given words.
  init(_ description: String) {
    self.description = description
  }
}
