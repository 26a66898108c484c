import Glibc

/// The lock of a run directory, held by the test's own process.
struct HeldLock: ~Copyable {
  private let descriptor: Int32

  /// Takes the lock at `path`, which must be free.
  init(path: String) throws {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    guard descriptor >= 0, unsafe fcntl(descriptor, F_SETLK, &request) == 0 else {
      throw UnexpectedEnd(description: "\(path): cannot be locked")
    }
  }

  deinit { close(descriptor) }
}
