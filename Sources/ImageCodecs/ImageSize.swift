/// The width and height of an image in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
  /// The number of pixel columns.
  public var width: Int
  /// The number of pixel rows.
  public var height: Int

  /// Creates a size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// The number of pixels.
  public var pixelCount: Int { width * height }

  /// The size as text, for example `500×375`.
  public var description: String { "\(width)×\(height)" }
}
