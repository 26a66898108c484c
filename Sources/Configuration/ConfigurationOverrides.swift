import FoundationEssentials
import Yams

/// Options that were given, by name; what was not given comes from a run or from the defaults.
package struct ConfigurationOverrides: Sendable {
  var values: [Configuration.CodingKeys: OptionValue] = [:]

  /// No option given.
  package init() {}

  /// Notes the value of an option, if it was given.
  ///
  /// - Parameters:
  ///   - value: The value, `nil` if the option was not given.
  ///   - option: Its name without dashes, for example `batch-size`.
  /// - Precondition: There is such an option.
  package mutating func set(_ value: (some Codable & Sendable)?, for option: String) {
    guard let key = Configuration.CodingKeys(rawValue: option) else { preconditionFailure("no option --\(option)") }
    guard let value else { return }
    values[key] = OptionValue(encoding: value)
  }

  /// Whether an option was given.
  package func gives(_ key: Configuration.CodingKeys) -> Bool { values[key] != nil }

  /// These options where `others` has none; else those of `others`.
  package func overridden(by others: ConfigurationOverrides) -> ConfigurationOverrides {
    var result = self
    result.values.merge(others.values) { _, given in given }
    return result
  }

  /// `base` with the given options in place of its own.
  package func applied(to base: Configuration) -> Configuration {
    var options = base.optionValues
    options.merge(values.map { key, value in (key.rawValue, value) }) { _, given in given }
    guard let configuration = Configuration(optionValues: options) else {
      preconditionFailure("an option was noted with a value of another type")
    }
    return configuration
  }
}

/// A value of an option in a form that can be compared, shown and stored.
package enum OptionValue: Codable, Sendable, Equatable, CustomStringConvertible {
  case boolean(Bool)
  case integer(Int)
  case natural(UInt64)
  case number(Double)
  case text(String)

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

  /// Numbers that are not finite are options too, until it is said what is wrong with them.
  private static let words = (infinity: "inf", negative: "-inf", none: "nan")

  fileprivate static func makeEncoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: words.infinity, negativeInfinity: words.negative, nan: words.none)
    return encoder
  }

  fileprivate static func makeDecoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: words.infinity, negativeInfinity: words.negative, nan: words.none)
    return decoder
  }

  /// Any encodable value, by way of JSON.
  package init(encoding value: some Codable & Sendable) {
    guard let data = try? OptionValue.makeEncoder().encode([value]),
      let decoded = try? OptionValue.makeDecoder().decode([OptionValue].self, from: data), decoded.count == 1
    else { preconditionFailure("\(value) is no value of an option") }
    self = decoded[0]
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

extension Configuration {
  /// The options by name.
  package var optionValues: [String: OptionValue] {
    guard let data = try? OptionValue.makeEncoder().encode(self),
      let values = try? OptionValue.makeDecoder().decode([String: OptionValue].self, from: data)
    else { preconditionFailure("a recipe is a dictionary of plain values") }
    return values
  }

  /// The recipe with these options, and the defaults for all others; `nil` if one has another type.
  init?(optionValues: [String: OptionValue]) {
    let options = Configuration().optionValues.merging(optionValues) { _, given in given }
    guard let data = try? OptionValue.makeEncoder().encode(options),
      let configuration = try? OptionValue.makeDecoder().decode(Configuration.self, from: data)
    else { return nil }
    self = configuration
  }

  /// The first option, in the order of the list, that differs from another recipe and may not on resume.
  package func conflict(with other: Configuration) -> (option: String, own: String, other: String)? {
    let own = optionValues
    let others = other.optionValues
    for key in CodingKeys.allCases
    where !Self.freeOnResume.contains(key) && own[key.rawValue] != others[key.rawValue] {
      return (key.rawValue, own[key.rawValue]?.description ?? "nothing", others[key.rawValue]?.description ?? "nothing")
    }
    return nil
  }

  /// The recipe as YAML, one option a line.
  package func yaml() -> String {
    guard let text = try? YAMLEncoder().encode(self) else {
      preconditionFailure("a recipe is a mapping of plain values")
    }
    return text
  }

  /// Reads ``yaml()``, also that of an earlier version which had fewer options: those have their defaults.
  ///
  /// - Throws: ``RunError`` naming `path` and the line of what is no option.
  package init(yaml: String, path: String) throws(RunError) {
    self = try ConfigurationFile.options(in: yaml, path: path).applied(to: Configuration())
  }
}
