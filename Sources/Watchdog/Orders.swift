import Glibc
import Synchronization

/// What a rank's own thread wants of its watchdog's.
enum Order: Sendable {
  /// Rank 0: listen for the others.
  case lead(listener: Int32, token: String)
  /// Another rank: report to rank 0.
  case follow(descriptor: Int32)
  /// Say goodbye and stop.
  case end
}

/// Orders on their way to the watchdog's thread, which a pipe wakes.
final class Orders: Sendable {
  /// Can be read when there is an order.
  let wake: Int32

  private let bell: Int32
  private let waiting = Mutex<[Order]>([])

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(unsafe pipe(&ends) == 0, "no pipe can be made: \(errno)")
    (wake, bell) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
  }

  deinit {
    close(wake)
    close(bell)
  }

  /// Gives an order.
  func give(_ order: Order) {
    waiting.withLock { waiting in waiting.append(order) }
    _ = unsafe write(bell, [1 as UInt8], 1)
  }

  /// Takes all orders.
  func take() -> [Order] {
    var rings = [UInt8](repeating: 0, count: 64)
    _ = unsafe read(wake, &rings, rings.count)
    return waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}

/// Runs `body` on a thread of its own, to which the system delivers no request to end or stop.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let work = unsafe Unmanaged.passRetained(Work(body))
  // Those are for the thread that trains; a new thread inherits the mask.
  var (requests, own) = (sigset_t(), sigset_t())
  unsafe sigemptyset(&requests)
  for request in [SIGTERM, SIGINT, SIGHUP] {
    unsafe sigaddset(&requests, request)
  }
  unsafe pthread_sigmask(SIG_BLOCK, &requests, &own)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &own, nil) }
  let code = unsafe pthread_create(
    &thread, nil,
    { argument in
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, unsafe work.toOpaque())
  precondition(code == 0, "no thread can be made: \(code)")
  pthread_detach(thread)
}
