import Configuration
import FoundationEssentials

/// Returns a result as JSON text with sorted names.
///
/// - Parameters:
///   - result: The result.
///   - keys: The form of names that have no coding key of their own.
/// - Returns: The text, without a newline at the end.
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
  /// The text at the left of a column of a table.
  func padded(_ width: Int, least: Int = 1) -> String {
    self + String(repeating: " ", count: Swift.max(least, width - count))
  }

  /// The text at the right of a column of a table.
  func aligned(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(1, width - count)) + self
  }
}

/// A share as a percentage.
func percentage(_ share: Double) -> String {
  "\(decimal(100 * share, 1)) %"
}
