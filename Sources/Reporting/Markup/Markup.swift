/// HTML or SVG text.
///
/// Interpolated strings are escaped, so that a class name or a path cannot become markup.
package struct Markup: ExpressibleByStringInterpolation, Sendable {
  /// The markup as text.
  package private(set) var text: String

  package init(stringLiteral text: String) {
    self.text = text
  }

  package init(stringInterpolation: StringInterpolation) {
    text = stringInterpolation.text
  }

  /// Joins pieces of markup.
  init(joining pieces: [Markup]) {
    text = pieces.map(\.text).joined(separator: "\n")
  }

  static func + (first: Markup, second: Markup) -> Markup { "\(first)\(second)" }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) { text += literal }

    /// Appends a text, escaped for element content and for attributes in double quotes.
    package mutating func appendInterpolation(_ text: String) {
      for letter in text.unicodeScalars {
        switch letter {
        case "&": self.text += "&amp;"
        case "<": self.text += "&lt;"
        case ">": self.text += "&gt;"
        case "\"": self.text += "&quot;"
        case "'": self.text += "&#39;"
        // HTML allows no other control characters.
        case "\t", "\n", " "...: self.text.unicodeScalars.append(letter)
        default: self.text += "\u{FFFD}"
        }
      }
    }

    package mutating func appendInterpolation(_ number: Int) { text += "\(number)" }

    /// Appends a coordinate, rounded to a tenth.
    package mutating func appendInterpolation(_ coordinate: Double) {
      let tenths = Int((min(max(coordinate, -1e6), 1e6) * 10).rounded())
      text += tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }

    package mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

    /// Appends pieces of markup one after another.
    package mutating func appendInterpolation(_ pieces: [Markup]) { text += Markup(joining: pieces).text }
  }
}
