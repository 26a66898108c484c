import CMPI
import Glibc

/// The behavior of a thread in a collective until the other ranks have sent their part.
public enum Waiting: Sendable {
  /// Polls without pause: the lowest latency while this core has nothing else to do.
  case spinning
  /// Polls at intervals, and leaves the core to other threads of this rank in between.
  case sleeping

  /// The interval between polls of the library: a link of 10 Gb/s delivers 250 kB in it, less than a socket holds.
  fileprivate static let pauseMicroseconds: useconds_t = 200

  /// ``pauseMicroseconds`` in seconds.
  public static var pauseSeconds: Double { 1e-6 * Double(pauseMicroseconds) }

  /// The interval between polls of this rank's own threads, which need tens of milliseconds for a piece.
  static let ownPauseMicroseconds: useconds_t = 2000
}

extension Communicator {
  /// Starts a nonblocking collective and sleeps until it has completed.
  ///
  /// - Parameter begin: Starts it; its buffers stay in place until this function returns.
  /// - Returns: The library's status.
  func completeSleeping(_ begin: (inout cmpi_request) -> Int32) -> Int32 {
    var request = cmpi_request()
    var code = begin(&request)
    var isDone: Int32 = 0
    while code == cmpi_success() {
      // int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
      code = unsafe cmpi_test(&request, &isDone)
      if isDone != 0 {
        break
      }
      usleep(Waiting.pauseMicroseconds)
    }
    return code
  }
}
