/// The refusal of an empty argument, such as an unset shell variable: no option accepts one, and an empty path would
/// mean the root folder.
enum EmptyArgument {
  /// A sentence that names the option, or `nil` if there is no such argument.
  static func message(for arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() {
      let isOption = argument.hasPrefix("--") && argument.hasSuffix("=")
      guard argument.allSatisfy(\.isWhitespace) || isOption else { continue }
      let before = index > 0 ? arguments[index - 1] : ""
      let name = isOption ? String(argument.dropLast()) : before.hasPrefix("-") ? before : "an argument"
      return "Error: \(name): expected a value, found an empty text; is a variable of the shell not set?"
    }
    return nil
  }
}
