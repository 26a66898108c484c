/// An option of a training run: one row of the table that feeds flags, files, documentation and all checks.
package struct ConfigurationOption: Sendable {
  /// The parts of a run that options belong to.
  package enum Group: Sendable {
    case dataset, views, encoder, initialization, head, contrastive, classifier, optimizer, schedule, batches, compute
    case output
    /// Written by the program, not given on the command line.
    case resolved
  }

  /// A rule that only some options have.
  struct Rules: OptionSet {
    let rawValue: Int

    /// A resumed run may change it, as it does not change what a step computes.
    static let freeOnResume = Rules(rawValue: 1)
    /// The duration of a training step does not depend on it.
    static let stepIsTheSame = Rules(rawValue: 2)
    /// The value is a path.
    static let path = Rules(rawValue: 4)
  }

  /// The name in files, and after two dashes on the command line.
  package let name: String
  /// The help text, which ends with the default.
  package let help: String
  /// The name of the value in help; `nil` for the option's own.
  package let valueName: String?
  /// The kind of value.
  package let kind: OptionKind
  /// All values of a closed set.
  package let choices: [String]
  /// The part of a run that it belongs to.
  package let group: Group
  /// The default as text; `nil` for none.
  package let defaultValue: String?
  /// The conditions under which it has an effect.
  let conditions: [OptionCondition]
  let rules: Rules
  /// Reads a text into the configuration.
  let read: @Sendable (String) throws(OptionFailure) -> @Sendable (inout Configuration) -> Void
  /// Writes the value; `nil` for none.
  let write: @Sendable (Configuration) -> String?
  /// Copies the value from one configuration to another.
  let copy: @Sendable (_ source: Configuration, _ target: inout Configuration) -> Void
  /// Returns true if the value is stored at a key path.
  let isStored: @Sendable (PartialKeyPath<Configuration>) -> Bool

  /// True if the value is a path, for completion.
  package var isPath: Bool { rules.contains(.path) }
  /// True if a resumed run may change the option.
  package var isFreeOnResume: Bool { rules.contains(.freeOnResume) }
  /// True if it determines what a training step computes, and so belongs to the identity of a benchmark.
  package var decidesStep: Bool { !rules.contains(.stepIsTheSame) }
  /// True if it has an effect only under conditions.
  package var isConditional: Bool { !conditions.isEmpty }
  /// True if it can be given on the command line.
  package var isOnCommandLine: Bool { group != .resolved }

  /// Creates a row of the table.
  ///
  /// - Parameters:
  ///   - name: The name without dashes.
  ///   - keyPath: The place of its value.
  ///   - parser: The form of its value.
  ///   - help: One or two sentences.
  ///   - shownDefault: The words for a default that is not a value, or depends on other options.
  ///   - valueName: The name of the value in help.
  ///   - group: The part of a run that it belongs to.
  ///   - conditions: The conditions under which it has an effect.
  ///   - rules: Rules that only some options have.
  init<Value>(
    _ name: String, _ keyPath: WritableKeyPath<Configuration, Value> & Sendable, _ parser: OptionParser<Value>,
    _ help: String, default shownDefault: String? = nil, value valueName: String? = nil, _ group: Group,
    when conditions: [OptionCondition] = [], _ rules: Rules = []
  ) {
    let value = parser.write(Configuration()[keyPath: keyPath])
    let ownDefault = parser.kind == .boolean ? (value == "true" ? "yes" : "no") : value
    self.name = name
    self.help = help + ((shownDefault ?? ownDefault).map { text in " (default: \(text))" } ?? "")
    self.valueName = valueName
    self.group = group
    self.conditions = conditions
    self.rules = rules
    kind = parser.kind
    choices = parser.choices
    defaultValue = value
    read = { (text) throws(OptionFailure) in
      let value = try parser.read(text)
      return { configuration in configuration[keyPath: keyPath] = value }
    }
    write = { configuration in parser.write(configuration[keyPath: keyPath]) }
    copy = { source, target in target[keyPath: keyPath] = source[keyPath: keyPath] }
    isStored = { other in other == keyPath }
  }

  /// Creates a row whose value may be absent: not written, or written as the word `none`.
  init<Value>(
    _ name: String, _ keyPath: WritableKeyPath<Configuration, Value?> & Sendable, _ parser: OptionParser<Value>,
    none word: String? = nil, _ help: String, default shownDefault: String? = nil, value valueName: String? = nil,
    _ group: Group, when conditions: [OptionCondition] = [], _ rules: Rules = []
  ) {
    self.init(
      name, keyPath, word.map(parser.orNone) ?? parser.optional, help, default: shownDefault, value: valueName, group,
      when: conditions, rules)
  }

  /// All options, in the order of files.
  package static let all: [ConfigurationOption] =
    datasetRows + modelRows + lossRows + trainingRows + optimizerRows + runRows

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { option in (option.name, option) })

  /// Returns the option of a name, or `nil`.
  package static func named(_ name: String) -> ConfigurationOption? { byName[name] }
}

extension Configuration {
  /// Returns the values with their options; options without a value are left out.
  package func values(where isWanted: (ConfigurationOption) -> Bool = { _ in true }) -> [(
    option: ConfigurationOption, text: String
  )] {
    ConfigurationOption.all.filter(isWanted).compactMap { option in
      option.write(self).map { text in (option, text) }
    }
  }

  /// The options that decide what a training step computes and where its samples come from: the identity of a benchmark.
  package var settingsOfAStep: [String: OptionValue] {
    Dictionary(
      uniqueKeysWithValues: values(where: \.decidesStep).map { option, text in
        (option.name.replacing("-", with: "_"), OptionValue(text, kind: option.kind))
      })
  }

  /// Returns the first option, in table order, that differs from another configuration and is fixed on resume.
  package func conflict(with other: Configuration) -> (option: String, own: String, other: String)? {
    for option in ConfigurationOption.all where !option.isFreeOnResume {
      let (own, others) = (option.write(self), option.write(other))
      if own != others {
        return (option.name, own ?? "nothing", others ?? "nothing")
      }
    }
    return nil
  }

  /// Returns this configuration with the encoder of another.
  package func with(encoderOf other: Configuration) -> Configuration { with(.encoder, of: other) }

  /// Returns this configuration with the dataset of another.
  package func with(datasetOf other: Configuration) -> Configuration { with(.dataset, of: other) }

  private func with(_ group: ConfigurationOption.Group, of other: Configuration) -> Configuration {
    var configuration = self
    for option in ConfigurationOption.all where option.group == group {
      option.copy(other, &configuration)
    }
    return configuration
  }
}
