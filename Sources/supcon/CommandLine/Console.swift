import Glibc
import MPI

/// The texts that people see; called on rank 0 alone, but for a rank's own failure.
enum Console {
  /// Prints a line to the standard output at once, whatever it is connected to.
  static func line(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// What prints the lines of a run: rank 0's to the standard output, nobody else's.
  static func reporter(of world: borrowing Communicator) -> (String) -> Void {
    world.isRoot ? { text in line(text) } : { _ in }
  }

  /// Prints a line to the standard error.
  static func error(_ text: String) {
    write(text + "\n", to: STDERR_FILENO)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { rest in
        unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      guard count > 0 || errno == EINTR else { return }
      written += max(count, 0)
    }
  }
}
