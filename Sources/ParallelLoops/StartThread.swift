import Glibc

/// The signals of a fault, which the thread at fault receives.
private let faults = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS]

/// Runs `body` on a new thread that receives no signals but those of its own faults.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let work = unsafe Unmanaged.passRetained(Work(body))
  // Requests, such as to stop, are meant for the training thread, whose system calls they interrupt; a new thread
  // inherits the signal mask of its creator.
  var (requests, own) = (sigset_t(), sigset_t())
  unsafe sigfillset(&requests)
  for fault in faults {
    unsafe sigdelset(&requests, fault)
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
