/// Encoding of fields of comma-separated values (RFC 4180).
package enum CSV {
  /// Returns a field, in quotes if it contains a comma, a quote or a line break.
  package static func field(_ text: String) -> String {
    text.utf8.contains { byte in byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D }
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}
