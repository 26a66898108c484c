/// The room that a text takes in a figure, as it is estimated without the font.
enum TextFit {
  /// The width of a narrow letter of 12 units, bold or not.
  static let boldLetter = 8.8
  static let plainLetter = 7.0

  /// Returns the width of a text of which narrow letters have a width.
  static func width(of text: String, letter: Double) -> Double {
    text.reduce(0) { sum, character in sum + (isFullWidth(character) ? 13 : letter) }
  }

  /// Returns a text, or its beginning and end if a width has no room for all: names often differ in their last letters.
  static func shortened(_ text: String, to room: Double, letter: Double) -> String {
    guard width(of: text, letter: letter) > room else { return text }
    var (start, end) = (Array(text.prefix(text.count / 2)), Array(text.dropFirst(text.count / 2)))
    func joined() -> String { String(start) + "…" + String(end) }
    while !(start.isEmpty && end.isEmpty), width(of: joined(), letter: letter) > room {
      if start.count > end.count { start.removeLast() } else { end.removeFirst() }
    }
    return joined()
  }

  /// Returns true for letters as wide as they are high, such as Chinese ones and emoji.
  private static func isFullWidth(_ letter: Character) -> Bool {
    letter.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F000...0x3FFFD:
        true
      default: false
      }
    }
  }
}
