import Spelling

/// The conversion of an option's value from and to text.
struct OptionParser<Value: Sendable>: Sendable {
  let kind: OptionKind
  /// All allowed values, if they are a fixed list.
  var choices: [String] = []
  /// Parses the text of an option's value.
  let read: @Sendable (String) throws(OptionFailure) -> Value
  /// Formats an option's value so that ``read`` parses it to the same value; `nil` for no value.
  let write: @Sendable (Value) -> String?
}

/// The type of an option's value, for the parsing of YAML and for shell completion.
package enum OptionKind: Sendable {
  case text, boolean, number, wholeNumber

  /// The type in words, for error messages.
  var expectation: String {
    switch self {
    case .text: "a text"
    case .boolean: "true or false"
    case .number: "a number"
    case .wholeNumber: "a whole number"
    }
  }
}

/// The reason why a text is not a valid value of an option.
struct OptionFailure: Error {
  /// True if the text has the wrong type, such as a word for a number.
  var isMalformed = false
  /// The end of the error message, such as `expected at least 1`.
  let expectation: String
  /// The advice, such as `did you mean 'sgd'?`; empty if there is none.
  var remedy = ""

  static func malformed(_ kind: OptionKind) -> OptionFailure {
    OptionFailure(isMalformed: true, expectation: "expected \(kind.expectation)")
  }
}

/// The largest integer that options accept, so that the product of two of them does not overflow.
package let largestOption = 1_000_000_000

// MARK: - Whole numbers

extension OptionParser where Value == Int {
  static func count(from least: Int, to most: Int = largestOption) -> OptionParser {
    OptionParser(kind: .wholeNumber) { (text) throws(OptionFailure) in
      guard let number = Int(text) else {
        // A text of digits alone is a number, even if it is too large.
        let digits = text.drop { letter in letter == "-" }
        guard !digits.isEmpty, digits.allSatisfy({ digit in digit.isASCII && digit.isNumber }) else {
          throw .malformed(.wholeNumber)
        }
        throw OptionFailure(
          expectation: text.hasPrefix("-") ? "expected at least \(least)" : "expected at most \(most)")
      }
      guard number >= least else { throw OptionFailure(expectation: "expected at least \(least)") }
      guard number <= most else { throw OptionFailure(expectation: "expected at most \(most)") }
      return number
    } write: { number in
      "\(number)"
    }
  }
}

extension OptionParser where Value == UInt64 {
  static let natural = OptionParser(kind: .wholeNumber) { (text) throws(OptionFailure) in
    guard let number = UInt64(text) else {
      throw OptionFailure(isMalformed: true, expectation: "expected a whole number from 0 to \(UInt64.max)")
    }
    return number
  } write: { number in
    "\(number)"
  }
}

// MARK: - Numbers

extension OptionParser where Value == Double {
  static func number(_ expectation: String, _ isAllowed: @escaping @Sendable (Double) -> Bool) -> OptionParser {
    OptionParser(kind: .number) { (text) throws(OptionFailure) in
      guard let number = Double(decimal: text) else { throw .malformed(.number) }
      // An infinity in words is a number, out of range.
      guard number.isFinite, isAllowed(number) else { throw OptionFailure(expectation: "expected \(expectation)") }
      // Training computes in float32, where a smaller number would be 0 and a larger one infinite.
      guard number == 0 || Float(number).isNormal else {
        throw OptionFailure(expectation: "expected \(expectation) that float32 holds (1e-37 to 3e38)")
      }
      return number
    } write: { number in
      plain(number)
    }
  }

  static let positive = number("a number above 0") { $0 > 0 }
  /// The inverse of a temperature, and its square in gradients, must not overflow in float32.
  static let temperature = number("a number above 0, at least 1e-6") { $0 >= 1e-6 }
  static let notNegative = number("a number of at least 0") { $0 >= 0 }
  /// e^margin must not overflow in float32; similarities ÷ temperature differ by at most 2 ÷ temperature.
  static let margin = number("a number from 0 to 80") { $0 >= 0 && $0 <= 80 }
  static let belowOne = number("a number from 0 to below 1") { $0 >= 0 && $0 < 1 }
}

// MARK: - Booleans

extension OptionParser where Value == Bool {
  static let boolean = OptionParser(kind: .boolean) { (text) throws(OptionFailure) in
    switch text.lowercased() {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default: throw .malformed(.boolean)
    }
  } write: { flag in
    "\(flag)"
  }
}

// MARK: - Texts and lists

extension OptionParser where Value == String {
  static let text = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    // An empty path in a file would mean the folder of that file.
    guard !text.allSatisfy(\.isWhitespace) else { throw .malformed(.text) }
    return text
  } write: { text in
    text
  }
}

extension OptionParser where Value == [Int] {
  /// Returns the parser of comma-separated integers of at least 1.
  static func counts(example: String, to most: Int = largestOption) -> OptionParser {
    OptionParser(kind: .text) { (text) throws(OptionFailure) in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { part in Int(part).flatMap { number in number >= 1 ? number : nil } }
      guard numbers.count == parts.count else {
        throw OptionFailure(expectation: "expected whole numbers above 0 separated by commas, such as \(example)")
      }
      guard numbers.allSatisfy({ number in number <= most }) else {
        throw OptionFailure(expectation: "expected numbers of at most \(most)")
      }
      return numbers
    } write: { numbers in
      numbers.map { number in "\(number)" }.joined(separator: ",")
    }
  }
}

extension OptionParser where Value == [Float] {
  /// Returns the parser of three comma-separated numbers from `least` to 1, for red, green and blue.
  static func channels(from least: Float, _ expectation: String) -> OptionParser {
    OptionParser(kind: .text) { (text) throws(OptionFailure) in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { part in Float(decimal: part) }
      guard parts.count == 3, numbers.count == 3, numbers.allSatisfy((least...1).contains) else {
        throw OptionFailure(expectation: "expected \(expectation)")
      }
      return numbers
    } write: { numbers in
      channelText(numbers)
    }
  }
}

/// Formats the values of red, green and blue, separated by commas and without loss of precision.
package func channelText(_ numbers: [Float]) -> String {
  numbers.map { number in "\(number)" }.joined(separator: ",")
}

// MARK: - Closed sets

extension OptionParser where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  static var choice: OptionParser<Value> {
    let choices = Value.allCases.map(\.rawValue)
    return OptionParser(kind: .text, choices: choices) { (text) throws(OptionFailure) in
      guard let value = Value(rawValue: text) else { throw .choice(text, choices) }
      return value
    } write: { value in
      value.rawValue
    }
  }
}

extension OptionParser {
  /// Returns a parser that accepts the choices of this parser and a word for `nil`.
  func orNone(_ word: String) -> OptionParser<Value?> {
    let (read, write, choices) = (self.read, self.write, self.choices)
    let names = [word] + choices
    return OptionParser<Value?>(kind: kind, choices: names) {
      (text) throws(OptionFailure) in
      if text == word {
        return nil
      }
      guard let value = try? read(text) else { throw .choice(text, names) }
      return value
    } write: { value in
      value.map(write) ?? word
    }
  }

  /// This parser for optional values, where `nil` has no text and is omitted from files.
  var optional: OptionParser<Value?> {
    let (read, write) = (self.read, self.write)
    return OptionParser<Value?>(kind: kind, choices: choices) { (text) throws(OptionFailure) in
      try read(text)
    } write: { value in
      value.flatMap(write)
    }
  }
}
