/// An option of a training run: one row of the table from which flags, files, documentation and checks are derived.
package struct ConfigurationOption: Sendable {
  /// The group of options under which help texts list an option.
  package enum Group: Sendable {
    case dataset, views, encoder, initialization, head, contrastive, classifier, optimizer, schedule, batches, compute
    case output
    /// Options that the program writes to `config.yaml` but that cannot be given on the command line.
    case resolved
  }

  /// Properties of an option that are off for most options.
  struct Rules: OptionSet {
    let rawValue: Int

    /// A resumed run may change the option, because it does not change what a training step computes.
    static let freeOnResume = Rules(rawValue: 1)
    /// The option does not affect the duration of a training step.
    static let stepIsTheSame = Rules(rawValue: 2)
    /// The value of the option is a file path.
    static let path = Rules(rawValue: 4)
  }

  /// The name in files, and after two dashes on the command line.
  package let name: String
  /// The help text, which ends with the default.
  package let help: String
  /// The placeholder of the value in help, such as `N`; `nil` to use the option's name.
  package let valueName: String?
  /// The type of the option's value.
  package let kind: OptionKind
  /// All allowed values, if they are a fixed list; else empty.
  package let choices: [String]
  /// The group of options that the option belongs to.
  package let group: Group
  /// The default value as text; `nil` for none.
  package let defaultValue: String?
  /// The conditions under which the option has an effect; all must hold.
  package let conditions: [OptionCondition]
  let rules: Rules
  /// Parses a value and returns the function that stores it in a configuration.
  let read: @Sendable (String) throws(OptionFailure) -> @Sendable (inout Configuration) -> Void
  /// Returns the value in a configuration as text; `nil` for none.
  package let write: @Sendable (Configuration) -> String?
  /// Copies the option's value from one configuration to another.
  let copy: @Sendable (_ source: Configuration, _ target: inout Configuration) -> Void
  /// Returns true if the option's value is stored at the given key path.
  let isStored: @Sendable (PartialKeyPath<Configuration>) -> Bool

  /// True if the value is a file path, which shells can complete.
  package var isPath: Bool { rules.contains(.path) }
  /// True if a resumed run may change the option.
  package var isFreeOnResume: Bool { rules.contains(.freeOnResume) }
  /// True if the option affects the duration of a training step; the values of such options identify a benchmark.
  package var decidesStep: Bool { !rules.contains(.stepIsTheSame) }
  /// Returns true if the option has an effect in a configuration: if all its conditions but those of files hold.
  package func hasEffect(in configuration: Configuration) -> Bool {
    conditions.allSatisfy { condition in condition.isOfFiles || condition.holds(configuration) }
  }
  /// True if the option can be given on the command line.
  package var isOnCommandLine: Bool { group != .resolved }

  /// Creates a row of the table of options.
  ///
  /// - Parameters:
  ///   - name: The option's name without dashes.
  ///   - keyPath: The property of ``Configuration`` that stores the value.
  ///   - parser: The conversion of the value from and to text.
  ///   - help: The help text, one or two sentences.
  ///   - shownDefault: The default in help texts, if it is not a fixed value.
  ///   - valueName: The placeholder of the value in help.
  ///   - group: The group of options that it belongs to.
  ///   - conditions: The conditions under which the option has an effect.
  ///   - rules: The properties that are off for most options.
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

  /// Creates a row for an optional value; `nil` is written as `word`, or omitted from files if `word` is `nil`.
  init<Value>(
    _ name: String, _ keyPath: WritableKeyPath<Configuration, Value?> & Sendable, _ parser: OptionParser<Value>,
    none word: String? = nil, _ help: String, default shownDefault: String? = nil, value valueName: String? = nil,
    _ group: Group, when conditions: [OptionCondition] = [], _ rules: Rules = []
  ) {
    self.init(
      name, keyPath, word.map(parser.orNone) ?? parser.optional, help, default: shownDefault, value: valueName, group,
      when: conditions, rules)
  }

  /// All options, in the order in which `config.yaml` lists them.
  package static let all: [ConfigurationOption] =
    datasetRows + modelRows + lossRows + trainingRows + optimizerRows + runRows

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { option in (option.name, option) })

  /// Returns the option with a name, or `nil`.
  package static func named(_ name: String) -> ConfigurationOption? { byName[name] }
}

extension Configuration {
  /// Returns the options that satisfy `isWanted`, with their values as text; options without a value are omitted.
  package func values(where isWanted: (ConfigurationOption) -> Bool = { _ in true }) -> [(
    option: ConfigurationOption, text: String
  )] {
    ConfigurationOption.all.filter(isWanted).compactMap { option in
      option.write(self).map { text in (option, text) }
    }
  }

  /// The values of all options that affect the duration of a training step, by name in snake case (for benchmarks).
  package var settingsOfAStep: [String: OptionValue] {
    Dictionary(
      uniqueKeysWithValues: values(where: \.decidesStep).map { option, text in
        (option.name.replacing("-", with: "_"), OptionValue(text, kind: option.kind))
      })
  }

  /// Returns the first option that differs from `other` although a resumed run must not change it, with both values,
  /// `nil` for none; `nil` if there is no such option.
  package func conflict(with other: Configuration) -> (option: String, own: String?, other: String?)? {
    for option in ConfigurationOption.all where !option.isFreeOnResume {
      let (own, others) = (option.write(self), option.write(other))
      if own != others { return (option.name, own, others) }
    }
    return nil
  }

  /// Returns this configuration with the encoder options of another.
  package func with(encoderOf other: Configuration) -> Configuration { with(.encoder, of: other) }

  /// Returns this configuration with the dataset options of another.
  package func with(datasetOf other: Configuration) -> Configuration { with(.dataset, of: other) }

  private func with(_ group: ConfigurationOption.Group, of other: Configuration) -> Configuration {
    ConfigurationOption.all.filter { option in option.group == group }.reduce(into: self) { configuration, option in
      option.copy(other, &configuration)
    }
  }
}
