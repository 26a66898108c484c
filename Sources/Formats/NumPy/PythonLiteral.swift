/// A Python literal of the kinds that occur in NumPy headers, parsed as by `ast.literal_eval`.
indirect enum PythonLiteral: Equatable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case none
  /// A tuple or list.
  case sequence([PythonLiteral], isTuple: Bool)
  case dictionary([Entry])

  struct Entry: Equatable {
    let key: PythonLiteral
    let value: PythonLiteral
  }

  /// The value of a dictionary key, or `nil`; of duplicate keys the last one counts.
  subscript(key: String) -> PythonLiteral? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.last { entry in entry.key == .string(key) }?.value
  }

  /// Parses a text that is exactly one literal; `nil` for other texts.
  init?(_ text: String) {
    var parser = Parser(Array(text.unicodeScalars))
    guard let literal = parser.literal(depth: 0), parser.isAtEnd() else { return nil }
    self = literal
  }

  private struct Parser {
    private let text: [Unicode.Scalar]
    private var place = 0
    /// The largest nesting depth; array headers have no deeper literals.
    private static let deepest = 32

    init(_ text: [Unicode.Scalar]) {
      self.text = text
    }

    mutating func isAtEnd() -> Bool {
      skipSpace()
      return place == text.count
    }

    mutating func literal(depth: Int) -> PythonLiteral? {
      skipSpace()
      guard depth < Self.deepest, place < text.count else { return nil }
      switch text[place] {
      case "{": return dictionary(depth: depth)
      case "(": return sequence(until: ")", depth: depth)
      case "[": return sequence(until: "]", depth: depth)
      case "'", "\"": return string()
      case "u", "b":
        guard place + 1 < text.count, "'\"".unicodeScalars.contains(text[place + 1]) else { return nil }
        place += 1
        return string()
      default: return word()
      }
    }

    private mutating func skipSpace() {
      while place < text.count, " \t\r\n\u{C}".unicodeScalars.contains(text[place]) {
        place += 1
      }
    }

    private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
      skipSpace()
      guard place < text.count, text[place] == scalar else { return false }
      place += 1
      return true
    }

    private mutating func dictionary(depth: Int) -> PythonLiteral? {
      place += 1
      var entries: [Entry] = []
      while !takes("}") {
        guard let key = literal(depth: depth + 1), takes(":"), let value = literal(depth: depth + 1) else { return nil }
        entries.append(Entry(key: key, value: value))
        guard takes(",") else { return takes("}") ? .dictionary(entries) : nil }
      }
      return .dictionary(entries)
    }

    private mutating func sequence(until end: Unicode.Scalar, depth: Int) -> PythonLiteral? {
      place += 1
      var elements: [PythonLiteral] = []
      var hasComma = false
      while !takes(end) {
        guard let element = literal(depth: depth + 1) else { return nil }
        elements.append(element)
        hasComma = takes(",")
        guard hasComma else {
          guard takes(end) else { return nil }
          break
        }
      }
      // Parentheses around one value without a comma do not make a tuple.
      if end == ")", elements.count == 1, !hasComma {
        return elements[0]
      }
      return .sequence(elements, isTuple: end == ")")
    }

    private mutating func string() -> PythonLiteral? {
      let quote = text[place]
      place += 1
      var value = String.UnicodeScalarView()
      while place < text.count {
        let scalar = text[place]
        place += 1
        if scalar == quote {
          return .string(String(value))
        }
        guard scalar == "\\" else {
          value.append(scalar)
          continue
        }
        guard place < text.count else { return nil }
        value.append(text[place])
        place += 1
      }
      return nil
    }

    private mutating func word() -> PythonLiteral? {
      let start = place
      while place < text.count,
        text[place].properties.isAlphabetic || "-+_0123456789".unicodeScalars.contains(text[place])
      {
        place += 1
      }
      var word = String(String.UnicodeScalarView(text[start..<place]))
      switch word {
      case "True": return .boolean(true)
      case "False": return .boolean(false)
      case "None": return PythonLiteral.none
      default:
        // Python 2 wrote long integers as 3L.
        if word.hasSuffix("L") {
          word.removeLast()
        }
        return Int(word.replacing("_", with: "")).map(PythonLiteral.integer)
      }
    }
  }
}
