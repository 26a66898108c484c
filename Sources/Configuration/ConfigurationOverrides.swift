/// Options that were given, by name; the others come from a run or from the defaults.
package struct ConfigurationOverrides: Sendable {
  private struct Entry {
    let isOnCommandLine: Bool
    let assign: @Sendable (inout Configuration) -> Void
  }

  private var entries: [String: Entry] = [:]

  /// The refusal of the first command-line text that is not a value of its option, or `nil`.
  package private(set) var problem: RunError?

  /// Creates overrides without any option.
  package init() {}

  /// Records a flag of the command line; a text that is not a value of the option becomes the ``problem``.
  ///
  /// - Parameters:
  ///   - text: The value as text, `nil` if the option was not given.
  ///   - name: The option's name without dashes.
  package mutating func give(_ text: String?, for name: String) {
    guard let text else { return }
    do throws(RunError) {
      guard let option = ConfigurationOption.named(name) else {
        throw RunError(.usage, "--\(name) \(text): there is no such option")
      }
      entries[name] = Entry(isOnCommandLine: true, assign: try option.assignment(text))
    } catch {
      problem = problem ?? error
    }
  }

  /// Records the value of an option from a file.
  mutating func note(_ option: ConfigurationOption, _ assign: @escaping @Sendable (inout Configuration) -> Void) {
    entries[option.name] = Entry(isOnCommandLine: false, assign: assign)
  }

  /// Sets a value, unless it is `nil`.
  package mutating func set<Value: Sendable>(
    _ keyPath: WritableKeyPath<Configuration, Value> & Sendable, to value: Value?
  ) {
    guard let value else { return }
    note(keyPath) { configuration in configuration[keyPath: keyPath] = value }
  }

  /// Sets a value that may be absent, unless it is `nil`.
  package mutating func set<Value: Sendable>(
    _ keyPath: WritableKeyPath<Configuration, Value?> & Sendable, to value: Value?
  ) {
    guard let value else { return }
    note(keyPath) { configuration in configuration[keyPath: keyPath] = value }
  }

  private mutating func note(
    _ keyPath: PartialKeyPath<Configuration>, _ assign: @escaping @Sendable (inout Configuration) -> Void
  ) {
    let option = ConfigurationOption.all.first { option in option.isStored(keyPath) }
    entries[option?.name ?? "\(keyPath)"] = Entry(isOnCommandLine: false, assign: assign)
  }

  /// Returns true if the option stored at a key path was given.
  package func gives(_ keyPath: PartialKeyPath<Configuration>) -> Bool {
    ConfigurationOption.all.contains { option in option.isStored(keyPath) && entries[option.name] != nil }
  }

  /// True if the dataset was given, by its name or its path.
  package var givesData: Bool { gives(\.data.dataset) || gives(\.data.path) }

  /// Returns true if an option was given on the command line.
  func isOnCommandLine(_ name: String) -> Bool { entries[name]?.isOnCommandLine ?? false }

  /// Merges two sets of options; those of `others` take precedence.
  package func overridden(by others: ConfigurationOverrides) -> ConfigurationOverrides {
    var result = self
    result.entries.merge(others.entries) { _, given in given }
    result.problem = problem ?? others.problem
    return result
  }

  /// Returns `base` with the given options applied.
  package func applied(to base: Configuration) -> Configuration {
    var configuration = base
    for entry in entries.values {
      entry.assign(&configuration)
    }
    return configuration
  }
}
