import ArgumentParser
import Configuration

/// Flags of the table of options, each a text that the table parses.
///
/// A property is named as its option, `zeroInitLastScale` for `zero-init-last-scale`; its help and completion are those of the table.
protocol OptionArguments: ParsableArguments, GivenOptions {}

/// A source of options that were given: a group of flags, or a group of groups.
protocol GivenOptions {
  var given: ConfigurationOverrides { get }
}

extension OptionGroup: GivenOptions where Value: OptionArguments {
  var given: ConfigurationOverrides { wrappedValue.given }
}

extension OptionArguments {
  /// The options that were given.
  var given: ConfigurationOverrides {
    var overrides = ConfigurationOverrides()
    for property in Mirror(reflecting: self).children {
      if let group = property.value as? any GivenOptions {
        overrides = overrides.overridden(by: group.given)
        continue
      }
      // Property wrappers are stored under the name with an underscore prefix.
      guard let label = property.label?.dropFirst() else { continue }
      let name = kebabCase(label)
      guard ConfigurationOption.named(name) != nil else { continue }
      switch property.value {
      case let option as Option<String?>: overrides.give(option.wrappedValue, for: name)
      case let flag as Flag<Bool?>: overrides.give(flag.wrappedValue.map { value in "\(value)" }, for: name)
      default: break
      }
    }
    return overrides
  }
}

/// `zeroInitLastScale` as `zero-init-last-scale`.
private func kebabCase(_ name: Substring) -> String {
  name.reduce(into: "") { text, letter in
    text += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
  }
}

extension Option where Value == String? {
  /// An option of the table.
  init(_ name: String) {
    self.init(name: .customLong(name), help: help(name), completion: completion(name))
  }
}

extension Flag where Value == Bool? {
  /// A flag of the table.
  init(_ name: String) {
    self.init(name: .customLong(name), inversion: .prefixedNo, help: help(name))
  }
}

private func help(_ name: String) -> ArgumentHelp {
  let option = ConfigurationOption.named(name)
  return ArgumentHelp(option.map { option in "\(option.help)" } ?? "", valueName: option?.valueName)
}

private func completion(_ name: String) -> CompletionKind? {
  guard let option = ConfigurationOption.named(name) else { return nil }
  return option.isPath ? .file() : option.choices.isEmpty ? nil : .list(option.choices)
}
