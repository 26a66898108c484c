import ArgumentParser
import Configuration
import Imaging

/// Command-line flags for rows of the table of options (``ConfigurationOption``), which parses their values.
///
/// A property is named after its option (`zeroInitLastScale` for `zero-init-last-scale`); help and completion come from
/// the table.
protocol OptionArguments: ParsableArguments, GivenOptions {}

/// A source of given options: a group of flags, or a group of such groups.
protocol GivenOptions {
  var given: ConfigurationOverrides { get }
}

extension OptionGroup: GivenOptions where Value: OptionArguments {
  var given: ConfigurationOverrides { wrappedValue.given }
}

extension OptionArguments {
  /// The options that the user gave.
  var given: ConfigurationOverrides {
    var overrides = ConfigurationOverrides()
    for property in Mirror(reflecting: self).children {
      if let group = property.value as? any GivenOptions {
        overrides = overrides.overridden(by: group.given)
        continue
      }
      // Property wrappers are stored under the property's name with an underscore prefix.
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

/// Converts a property name to an option name, such as `zeroInitLastScale` to `zero-init-last-scale`.
private func kebabCase(_ name: Substring) -> String {
  name.reduce(into: "") { text, letter in
    text += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
  }
}

extension Option where Value == String? {
  /// Creates an option from its row in the table of options.
  init(_ name: String) {
    self.init(name: .customLong(name), help: help(name), completion: completion(name))
  }
}

extension Flag where Value == Bool? {
  /// Creates a flag from its row in the table of options.
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
  if name == "augmentation" {
    return .list(Augmentation.presetNames)
  }
  return option.isPath ? .file() : option.choices.isEmpty ? nil : .list(option.choices)
}
