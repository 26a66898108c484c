/// The value of an option in JSON.
package enum OptionValue: Codable, Sendable, Equatable, CustomStringConvertible {
  case boolean(Bool)
  case integer(Int)
  case natural(UInt64)
  case number(Double)
  case text(String)

  /// Converts the text of an option to a JSON value of the type that `kind` implies.
  init(_ text: String, kind: OptionKind) {
    if kind == .text {
      self = .text(text)
    } else if kind == .boolean {
      self = .boolean(text == "true")
    } else if let value = Int(text) {
      self = .integer(value)
    } else if let value = UInt64(text) {
      self = .natural(value)
    } else if let value = Double(text) {
      self = .number(value)
    } else {
      self = .text(text)
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .natural(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .natural(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    }
  }

  package var description: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .natural(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): value
    }
  }
}
