import Glibc

/// The check that the working directory exists.
enum WorkingDirectory {
  /// The error message with the system's words if it cannot be found, as after its removal; `nil` otherwise.
  static var message: String? {
    if let folder = unsafe getcwd(nil, 0) {
      unsafe free(folder)
      return nil
    }
    return "Error: the working directory: \(unsafe String(cString: strerror(errno))); change to one that exists"
  }
}
