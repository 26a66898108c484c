import Yams

/// What an option's value has to be.
enum ConfigurationOptionKind: CaseIterable {
  case text
  case boolean
  // Before the whole numbers, which it decodes too.
  case number
  case integer
  case natural

  /// The kind of each option, found by trying what ``Configuration`` decodes: it is declared there alone.
  static let all: [Configuration.CodingKeys: ConfigurationOptionKind] = {
    var kinds: [Configuration.CodingKeys: ConfigurationOptionKind] = [:]
    for key in Configuration.CodingKeys.allCases {
      kinds[key] = allCases.first { kind in Configuration(optionValues: [key.rawValue: kind.probe]) != nil }
    }
    return kinds
  }()

  /// A value that only this kind, and none behind it, decodes.
  private var probe: OptionValue {
    switch self {
    case .text: .text("text")
    case .boolean: .boolean(true)
    case .integer: .integer(-1)
    case .natural: .natural(UInt64.max)
    case .number: .number(0.5)
    }
  }

  /// What a message says was expected.
  var expectation: String {
    switch self {
    case .text: "a text"
    case .boolean: "true or false"
    case .integer, .natural: "a whole number"
    case .number: "a number"
    }
  }

  /// The value that stands in a file; `nil` if it is of another kind.
  ///
  /// A text may be a list, such as `[700, 800, 900]`: options have it with commas.
  func value(of node: Node) -> OptionValue? {
    if self == .text, case .sequence(let sequence) = node {
      let parts = sequence.compactMap { element in element.scalar?.string }
      return parts.count == sequence.count && !parts.isEmpty ? .text(parts.joined(separator: ",")) : nil
    }
    guard let scalar = node.scalar else { return nil }
    switch self {
    case .text:
      // Nothing, `~` and `null` stand for no value, unless they are in quotes.
      return node.null == nil || scalar.style == .doubleQuoted || scalar.style == .singleQuoted
        ? .text(scalar.string) : nil
    case .boolean: return Bool.construct(from: scalar).map(OptionValue.boolean)
    case .integer: return Int(scalar.string).map(OptionValue.integer)
    case .natural: return UInt64(scalar.string).map(OptionValue.natural)
    case .number: return Double.construct(from: scalar).map(OptionValue.number)
    }
  }
}
