/// Encoding of fields of comma-separated values (RFC 4180).
package enum CSV {
  /// A field, in quotes where it holds a comma, a quote or the end of a line.
  package static func field(_ text: String) -> String {
    text.utf8.contains { byte in byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D }
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}
