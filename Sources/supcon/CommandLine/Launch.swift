import Glibc
import MPI

/// The launch of this process, as its launcher describes it before MPI is initialized.
struct Launch {
  private let launcher: Launcher

  /// The rank of this process.
  var rank: Int { launcher.rank }
  /// The number of processes of the job.
  var size: Int { launcher.size ?? 1 }
  /// The reason why MPI cannot be initialized correctly in this process, or `nil`.
  var problem: String? { launcher.problem }

  /// The launch of this process.
  static var current: Launch { Launch(launcher: .current) }

  /// Waits long enough for rank 0 to print: launchers end the others soon after the first one exits with an error.
  static func letRootSpeakFirst() {
    sleep(1)
  }

  /// Waits until mpirun would have ended this rank if rank 0 had failed too; if it returns, the failure is this rank's only.
  ///
  /// - Returns: `true` after the wait; `false` at once under Hydra and srun, which do not end the other ranks.
  func outlivesRoot() -> Bool {
    guard launcher.kind == .openMPI else { return false }
    sleep(6)
    return true
  }

  /// Restores the default action of crash signals, so that the MPI library's own handlers report them.
  ///
  /// Swift's handler takes a minute for a backtrace where all ranks share the cores, and the job hangs meanwhile.
  func leaveCrashesToTheLibrary() {
    guard size > 1 else { return }
    for crash in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGQUIT] {
      signal(crash, SIG_DFL)
    }
  }
}

/// Ends the process.
func exit(_ code: Int32) -> Never {
  Glibc.exit(code)
}
