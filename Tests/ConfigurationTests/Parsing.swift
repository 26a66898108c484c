import Configuration

/// The options of a command line such as `--model resnet18 --no-nesterov`, as the program's flags give them.
func given(_ line: String) -> ConfigurationOverrides {
  var overrides = ConfigurationOverrides()
  var words = line.split(separator: " ").map(String.init)[...]
  while let word = words.popFirst() {
    let name = String(word.dropFirst(2))
    if let option = ConfigurationOption.named(name), option.kind == .boolean {
      overrides.give("true", for: name)
    } else if name.hasPrefix("no-"), ConfigurationOption.named(String(name.dropFirst(3)))?.kind == .boolean {
      overrides.give("false", for: String(name.dropFirst(3)))
    } else {
      overrides.give(words.popFirst(), for: name)
    }
  }
  return overrides
}

/// The refusal of a command line, or `nil`.
func refusal(_ line: String, _ command: TrainingCommand = .pretrain, ranks: Int = 1) -> RunError? {
  let overrides = given(line)
  return command.problem(overrides.applied(to: command.defaults), given: overrides, ranks: ranks)
}
