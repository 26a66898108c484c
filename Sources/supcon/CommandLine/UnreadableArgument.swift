/// The check for arguments that are not UTF-8 text, such as names from older systems.
///
/// Their text would name another file or folder.
enum UnreadableArgument {
  /// The error message that names the first such argument; `nil` if there is none.
  static var message: String? {
    for number in 1..<max(Int(CommandLine.argc), 1) {
      guard let argument = unsafe CommandLine.unsafeArgv[number], unsafe String(validatingCString: argument) == nil
      else {
        continue
      }
      return
        "Error: \(unsafe String(cString: argument)): argument \(number) is not UTF-8 text; rename the file or folder, or give a symbolic link to it whose name is"
    }
    return nil
  }
}
