import Configuration
import Glibc
import Synchronization

/// A request to stop the run after its current step, by a signal to this process or by the end of a time limit.
///
/// SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 (which mpirun forwards, and schedulers send before a time limit), SIGXCPU and
/// SIGHUP request a stop, as does a standard output that can no longer be written. A second signal ends the process at
/// once. SIGHUP stays ignored under `nohup`.
package struct StopRequest {
  /// The signals that request a stop.
  private static let allSignals = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU, SIGHUP]
  /// The signals that this process handles, all except a SIGHUP that is ignored, with the handlers before.
  private let formerHandlers: [(signal: Int32, handler: (@convention(c) (Int32) -> Void)?)]
  /// The time in nanoseconds within which further signals count as the first one, because a launcher may send a request
  /// several times.
  private static let oneRequestNanoseconds: Int64 = 300_000_000
  /// The time of the first signal or request on the monotonic clock, in nanoseconds; 0 before any.
  private static let firstNanoseconds = Atomic<Int64>(0)

  /// The time at which the limit ends, in seconds of the monotonic clock; `nil` without a limit.
  private let deadline: Double?

  /// Installs the signal handlers and starts the time limit.
  ///
  /// - Parameter maximumSeconds: The time limit in seconds, if any.
  package init(maximumSeconds: Double?) {
    deadline = maximumSeconds.map { seconds in ProcessMeasurements.now() + seconds }
    // Initialized here, as a signal handler must not be the first to access it.
    _ = Self.firstNanoseconds.load(ordering: .relaxed)
    Self.heedProcessorLimit()
    // The parent process may have blocked the signals.
    var unblocked = sigset_t()
    unsafe sigemptyset(&unblocked)
    formerHandlers = Self.heededSignals.map { signal in
      unsafe sigaddset(&unblocked, signal)
      return (signal, Glibc.signal(signal, handleStopSignal))
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// Lowers the soft limit of CPU time (`ulimit -t`) below the hard one if they are the same, as a shell sets them: the
  /// kernel then sends SIGXCPU first, with time to save the run, and not SIGKILL at once.
  private static func heedProcessorLimit() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_CPU.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur == limit.rlim_max,
      limit.rlim_max < rlim_t(Int.max / 2)
    else { return }
    // The time of all threads counts.
    let processors = rlim_t(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))
    let reserve = min(max(limit.rlim_max / 3, 2), 60 * processors)
    guard limit.rlim_max > reserve else { return }
    limit.rlim_cur = limit.rlim_max - reserve
    unsafe setrlimit(resource, &limit)
  }

  /// Restores the handlers that the signals had before; a limit of CPU time stays lowered.
  package func end() {
    for (signal, handler) in formerHandlers {
      _ = Glibc.signal(signal, handler)
    }
  }

  /// True after a signal to this process, or a request by ``ask()``.
  package static var isAsked: Bool { firstNanoseconds.load(ordering: .relaxed) != 0 }

  /// Returns true if the run should stop.
  ///
  /// - Parameter reserveSeconds: The time that one more step and a checkpoint take.
  /// - Returns: True after a signal, or if less than `reserveSeconds` of the time limit is left.
  package func isPending(reserveSeconds: Double) -> Bool {
    Self.isAsked
      || deadline.map { deadline in ProcessMeasurements.now() + reserveSeconds > deadline } ?? false
  }

  /// Requests a stop of this process, like the first signal.
  package static func ask() {
    _ = firstNanoseconds.compareExchange(expected: 0, desired: nowNanoseconds(), ordering: .relaxed)
  }

  /// The signals that request a stop; without SIGHUP if that is ignored.
  package static var heededSignals: [Int32] {
    allSignals.filter { signal in signal != SIGHUP || !isIgnored(signal) }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    let handler = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    let ignoring = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
    return handler == ignoring
  }

  /// The time on the monotonic clock, in nanoseconds; async-signal-safe.
  private static func nowNanoseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Records a signal; called by the signal handler, so that only async-signal-safe functions may be used.
  fileprivate static func note(_ signal: Int32) {
    let now = nowNanoseconds()
    let first = firstNanoseconds.compareExchange(expected: 0, desired: now, ordering: .relaxed)
    // The kernel sends SIGXCPU again after every further second of CPU time.
    if !first.exchanged, signal != SIGXCPU, now - first.original > oneRequestNanoseconds {
      _exit(128 + signal)
    }
  }
}

private func handleStopSignal(_ signal: Int32) {
  StopRequest.note(signal)
}
