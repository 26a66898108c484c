/// The check for empty arguments, such as those from unset shell variables.
///
/// No option accepts one, and an empty path would mean the root folder.
enum EmptyArgument {
  /// Returns an error message that names the option; `nil` if no argument is empty.
  static func message(for arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() {
      // A value may end with the character too, as a folder's name.
      let isOption = argument.hasPrefix("--") && argument.hasSuffix("=") && !argument.dropLast().contains("=")
      guard argument.allSatisfy(\.isWhitespace) || isOption else { continue }
      let before = index > 0 ? arguments[index - 1] : ""
      let name = isOption ? String(argument.dropLast()) : before.hasPrefix("-") ? before : "an argument"
      return "Error: \(name): expected a value, found an empty text; is a variable of the shell not set?"
    }
    return nil
  }
}
