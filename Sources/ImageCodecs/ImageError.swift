/// A problem with an encoded image, described for the user; the caller adds the file name.
public struct ImageError: Error, CustomStringConvertible, Equatable {
  /// The message: expected and actual contents, and the remedy.
  public let description: String

  /// Creates an error with the given message.
  init(_ description: String) {
    self.description = description
  }
}
