import Configuration
import FoundationEssentials

/// Returns a result as JSON text with sorted names.
///
/// - Parameters:
///   - result: The result to encode.
///   - keys: The conversion of names that have no coding key of their own.
/// - Returns: The JSON text, without a newline at the end.
/// - Throws: `EncodingError` if a number is not finite.
func jsonText(
  _ result: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = keys
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(result), as: UTF8.self)
}

extension String {
  /// Returns the text left-aligned in a column of `width` characters, followed by at least `least` spaces.
  func padded(_ width: Int, least: Int = 1) -> String {
    self + String(repeating: " ", count: Swift.max(least, width - count))
  }

  /// Returns the text right-aligned in a column of `width` characters, preceded by at least one space.
  func aligned(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(1, width - count)) + self
  }
}

/// Formats a fraction as a percentage with one decimal.
func percentage(_ share: Double) -> String {
  "\(decimal(100 * share, 1)) %"
}
