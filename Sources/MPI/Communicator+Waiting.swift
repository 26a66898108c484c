import COpenMPI
import Glibc

/// What a thread does in a collective until the other ranks have brought their part.
public enum Waiting: Sendable {
  /// Looks for messages without pause: the fastest while this core has nothing else to do.
  case spinning
  /// Looks for messages now and then and leaves the core to other threads of this rank meanwhile.
  case sleeping

  /// Between two looks: a link of 10 Gb/s brings 250 kB in this time, less than a socket holds.
  fileprivate static let pauseMicroseconds: useconds_t = 200

  /// Between two looks at what this rank's own threads have ready: a piece takes them tens of milliseconds.
  static let ownPauseMicroseconds: useconds_t = 2000
}

extension Communicator {
  /// Begins a collective that does not block, and sleeps until it has come to its end.
  ///
  /// - Parameter begin: Begins it; what it reads and writes stays where it is until this returns.
  /// - Returns: The library's status.
  func completeSleeping(_ begin: (inout MPI_Request?) -> Int32) -> Int32 {
    var request: MPI_Request?
    var code = unsafe begin(&request)
    var isDone: Int32 = 0
    while code == MPI_SUCCESS {
      code = unsafe MPI_Test(&request, &isDone, copenmpi_no_status())
      if isDone != 0 {
        break
      }
      usleep(Waiting.pauseMicroseconds)
    }
    return code
  }
}
