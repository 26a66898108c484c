/// Encoding of fields of comma-separated values (RFC 4180).
package enum CSV {
  /// A field, in quotes where it holds a comma, a quote or the end of a line.
  package static func field(_ text: String) -> String {
    text.utf8.contains { byte in byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D }
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }

  /// A field of tab-separated values, in which a tab or the end of a line is a space.
  package static func tabbed(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\t" || $0 == "\n" || $0 == "\r" ? " " : $0 }))
  }
}
