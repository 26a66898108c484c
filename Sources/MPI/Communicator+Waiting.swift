import CMPI
import Glibc

/// The way in which a thread waits in a collective until the other ranks have sent their part.
public enum Waiting: Sendable {
  /// Polls continuously: lowest latency, for a core that has nothing else to do.
  case spinning
  /// Polls at intervals, so that other threads of this rank can use the core in between.
  case sleeping

  /// The microseconds between two polls of MPI; a 10 Gb/s link delivers 250 kB in between, less than a socket buffers.
  fileprivate static let pauseMicroseconds: useconds_t = 200

  /// ``pauseMicroseconds`` in seconds.
  public static var pauseSeconds: Double { 1e-6 * Double(pauseMicroseconds) }

  /// The microseconds between two checks whether the threads of this rank have added a piece of the gradient, which
  /// takes tens of milliseconds.
  static let ownPauseMicroseconds: useconds_t = 2000
}

extension Communicator {
  /// Starts a nonblocking collective and sleeps until it has completed.
  ///
  /// - Parameter begin: Starts the collective; its buffers must remain valid until this function returns.
  /// - Returns: MPI's error code.
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
