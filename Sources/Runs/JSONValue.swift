import Formats
import FoundationEssentials

/// Any JSON value, used for reading and changing files without losing other fields.
package enum JSONValue: Codable, Sendable, Equatable {
  /// `null`.
  case null
  /// A Boolean.
  case boolean(Bool)
  /// An integer.
  case integer(Int)
  /// A floating-point number.
  case number(Double)
  /// A string.
  case text(String)
  /// An array.
  case list([JSONValue])
  /// An object, as values by name.
  case object([String: JSONValue])

  /// Returns an ``integer(_:)``, or a text of the digits if `Int` cannot hold the value, because JSON readers would
  /// round the number.
  package static func natural(_ value: UInt64) -> JSONValue {
    Int(exactly: value).map(JSONValue.integer) ?? .text("\(value)")
  }

  /// Decodes any JSON value.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Encodes the value; NaN and infinity become `null`, because JSON cannot represent them.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value):
      if value.isFinite {
        try container.encode(value)
      } else {
        try container.encodeNil()
      }
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// Encodes the value as JSON text with sorted names.
  ///
  /// - Parameter isPretty: True for indented text over several lines.
  /// - Returns: The text, without a final newline.
  package func encoded(isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isPretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a JSON value that is none") }
    return String(decoding: data, as: UTF8.self)
  }

  /// Returns the fields of an encoded object by name; NaN and infinity become text.
  ///
  /// - Precondition: The value encodes an object.
  package static func fields(of value: some Encodable) -> [String: JSONValue] {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(value), let fields = try? JSONDecoder().decode(Self.self, from: data),
      case .object(let object) = fields
    else { preconditionFailure("a value that is no JSON object") }
    return object
  }

  /// The value as a number, if it is one.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value as a string, if it is one.
  package var string: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// Parses JSON text; `nil` if it is not valid.
  package init?(parsing text: String) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
    self = value
  }
}

extension JSONValue {
  /// Returns the fields of the object in a file; `nil` if there is no such file or no object in it.
  package static func fields(ofFile path: String) -> [String: JSONValue]? {
    guard let text = try? ReadOnlyFile.text(ofFile: path), case .object(let fields) = JSONValue(parsing: text) else {
      return nil
    }
    return fields
  }

  /// Writes an object's fields into a JSON file, whose other fields are preserved.
  ///
  /// - Parameters:
  ///   - fields: The fields to write.
  ///   - path: The path of the file, which need not exist.
  ///   - replaced: The names of fields to remove if `fields` does not contain them.
  /// - Throws: `FileError` if the file cannot be written.
  package static func merge(
    _ fields: [String: JSONValue], into path: String, replacing replaced: Set<String> = []
  ) throws(FileError) {
    var object = fields
    if let others = self.fields(ofFile: path) {
      object = others.filter { name, _ in !replaced.contains(name) }.merging(fields) { _, new in new }
    }
    try AtomicFile.write(JSONValue.object(object).encoded(isPretty: true) + "\n", to: path)
  }
}
