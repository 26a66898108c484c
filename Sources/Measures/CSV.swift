/// Encoding of fields of comma-separated values (RFC 4180).
package enum CSV {
  /// Returns a field, in quotes if it contains a comma, a quote or a line break.
  package static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { byte in byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D }) else {
      return text
    }
    // By scalars: a quote with an accent after it is one character, which is not a quote.
    let scalars = text.unicodeScalars.map { scalar in scalar == "\"" ? "\"\"" : String(scalar) }
    return "\"\(scalars.joined())\""
  }
}
