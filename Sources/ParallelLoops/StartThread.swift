import Glibc

/// Runs `body` on a new thread that receives no SIGTERM, SIGINT or SIGHUP.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let work = unsafe Unmanaged.passRetained(Work(body))
  // These signals are meant for the training thread; a new thread inherits the signal mask of its creator.
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
  precondition(code == 0, "pthread_create failed with \(code)")
  pthread_detach(thread)
}
