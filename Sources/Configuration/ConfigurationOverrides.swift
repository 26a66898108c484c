/// The options that the user gave, by name; all other options come from the resumed run or from the defaults.
package struct ConfigurationOverrides: Sendable {
  private struct Entry {
    let isOnCommandLine: Bool
    /// The source of the value as on the command line (`--recipe NAME`, `--config FILE`); `nil` for a command-line
    /// option.
    var source: String?
    let assign: @Sendable (inout Configuration) -> Void
  }

  private var entries: [String: Entry] = [:]

  /// The folder of the configuration file, to which relative paths in it may refer; `nil` for none.
  package private(set) var folder: String?

  /// The error for the first command-line value that is invalid, or `nil`.
  package private(set) var problem: RunError?

  /// Creates a set of overrides without any option.
  package init() {}

  /// Records an option of the command line; the error for an invalid value is stored in ``problem``.
  ///
  /// - Parameters:
  ///   - text: The value as text; `nil` if the option was not given.
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

  /// Records an option that was read from a file, with the function that stores its value in a configuration.
  package mutating func note(_ option: ConfigurationOption, _ assign: @escaping @Sendable (inout Configuration) -> Void)
  {
    entries[option.name] = Entry(isOnCommandLine: false, assign: assign)
  }

  /// Sets the option that is stored at a key path; does nothing for `nil`.
  package mutating func set<Value: Sendable>(
    _ keyPath: WritableKeyPath<Configuration, Value> & Sendable, to value: Value?
  ) {
    guard let value else { return }
    note(keyPath) { configuration in configuration[keyPath: keyPath] = value }
  }

  /// Sets the optional option that is stored at a key path; does nothing for `nil`.
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

  /// Returns true if the option stored at a key path was given on the command line, in a file or by a recipe.
  package func gives(_ keyPath: PartialKeyPath<Configuration>) -> Bool {
    ConfigurationOption.all.contains { option in option.isStored(keyPath) && entries[option.name] != nil }
  }

  /// True if the dataset was given, by name or by path.
  package var givesData: Bool { gives(\.data.dataset) || gives(\.data.path) }

  /// Returns true if an option was given on the command line.
  func isOnCommandLine(_ name: String) -> Bool { entries[name]?.isOnCommandLine ?? false }

  /// Returns the recipe or file that an option came from, such as `--recipe NAME`; `nil` for a command-line option, or
  /// if the option was not given.
  package func source(of name: String) -> String? { entries[name]?.source }

  /// Returns a copy in which `source`, a recipe or a file in `folder`, is recorded as the source of every option.
  package func given(by source: String, folder: String? = nil) -> ConfigurationOverrides {
    var result = self
    result.folder = folder
    for name in entries.keys {
      result.entries[name]?.source = source
    }
    return result
  }

  /// Returns the union of both sets of options; for options in both, the value in `others` is used.
  package func overridden(by others: ConfigurationOverrides) -> ConfigurationOverrides {
    var result = self
    result.entries.merge(others.entries) { _, given in given }
    result.problem = problem ?? others.problem
    result.folder = others.folder ?? folder
    return result
  }

  /// Returns `base` with the given options applied.
  package func applied(to base: Configuration) -> Configuration {
    entries.values.reduce(into: base) { configuration, entry in entry.assign(&configuration) }
  }
}
