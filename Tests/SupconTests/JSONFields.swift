import Foundation

/// The fields of a JSON object.
struct JSONFields {
  /// The value of a field.
  enum Value: Decodable, Equatable {
    case null
    case number(Double)
    case text(String)
    case boolean(Bool)
    case list([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let boolean = try? container.decode(Bool.self) {
        self = .boolean(boolean)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }
  }

  /// A field that is missing or of another type.
  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  let values: [String: Value]

  init(_ text: String) throws {
    values = try JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
  }

  init(path: String) throws {
    try self.init(String(contentsOfFile: path, encoding: .utf8))
  }

  /// The lines of a `.jsonl` file.
  static func lines(path: String) throws -> [JSONFields] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in try JSONFields(String(line))
    }
  }

  func number(_ name: String) throws -> Double {
    guard case .number(let value) = values[name] else { throw Missing(description: "no number \(name) in \(values)") }
    return value
  }

  func text(_ name: String) throws -> String {
    guard case .text(let value) = values[name] else { throw Missing(description: "no text \(name) in \(values)") }
    return value
  }
}
