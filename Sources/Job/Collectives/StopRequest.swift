import Configuration
import Glibc
import Synchronization

/// Asks a run to stop after its current step: by a signal to this process, or because its time is up.
///
/// SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 (which mpirun forwards, and schedulers send before a time limit), SIGXCPU and SIGHUP ask, as does a
/// standard output that nobody reads any more. A second signal ends the process at once. SIGHUP stays ignored under `nohup`.
package struct StopRequest {
  /// The signals that ask.
  private static let allSignals = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU, SIGHUP]
  /// Those of them that are not ignored.
  private let signals: [Int32]
  /// A launcher may send one request several times; a person does not press Ctrl-C twice within this time.
  private static let oneRequestNanoseconds: Int64 = 300_000_000
  /// When the first signal came, on the monotonic clock; 0 before.
  private static let firstNanoseconds = Atomic<Int64>(0)

  /// When the run has to have ended, if ever.
  private let deadline: Double?

  /// Listens from now on.
  ///
  /// - Parameter maximumSeconds: How long this invocation may take, if limited.
  package init(maximumSeconds: Double?) {
    deadline = maximumSeconds.map { seconds in ProcessMeasurements.now() + seconds }
    // Made now: a handler must not be the first to touch it.
    _ = Self.firstNanoseconds.load(ordering: .relaxed)
    // Whoever started this process may have blocked them.
    var unblocked = sigset_t()
    unsafe sigemptyset(&unblocked)
    signals = Self.allSignals.filter { signal in signal != SIGHUP || !Self.isIgnored(signal) }
    for signal in signals {
      _ = Glibc.signal(signal, handleStopSignal)
      unsafe sigaddset(&unblocked, signal)
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// Gives the signals back their usual effect.
  package func end() {
    for signal in signals {
      _ = Glibc.signal(signal, SIG_DFL)
    }
  }

  /// Whether this process was asked to stop.
  ///
  /// - Parameter reserveSeconds: How much time one more step and a checkpoint take.
  /// - Returns: `true` from the first signal on, and as soon as the time left is less than that.
  package func isPending(reserveSeconds: Double) -> Bool {
    Self.firstNanoseconds.load(ordering: .relaxed) != 0
      || deadline.map { deadline in ProcessMeasurements.now() + reserveSeconds > deadline } ?? false
  }

  /// Asks this process to stop, as the first signal does.
  package static func ask() {
    _ = firstNanoseconds.compareExchange(expected: 0, desired: 1, ordering: .relaxed)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    let handler = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    let ignoring = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
    return handler == ignoring
  }

  /// Called by the signal handler: only what is safe there.
  fileprivate static func note(_ signal: Int32) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    let first = firstNanoseconds.compareExchange(expected: 0, desired: now, ordering: .relaxed)
    if !first.exchanged, now - first.original > oneRequestNanoseconds {
      _exit(128 + signal)
    }
  }
}

private func handleStopSignal(_ signal: Int32) {
  StopRequest.note(signal)
}

/// A length of time as people and schedulers write it: `5400`, `90m`, `1.5h`, `2d`, `01:30:00`.
package enum TimeLimit {
  /// The seconds of a text, or `nil`.
  package static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if text.contains(":") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in Int(part) ?? -1 }
      guard parts.count <= 3, parts.allSatisfy({ part in part >= 0 }) else { return nil }
      let seconds = parts.reduce(0.0) { sum, part in sum * 60 + Double(part) }
      return seconds > 0 ? seconds : nil
    }
    let unit = text.last.flatMap { letter in units[letter] }
    guard let number = Double(unit == nil ? text : String(text.dropLast())), number.isFinite, number > 0 else {
      return nil
    }
    return number * (unit ?? 1)
  }
}
