import Glibc
import MPI

/// The rank and number of processes, provided by the launcher before MPI is initialized.
struct Launch {
  private let launcher: Launcher

  /// The number of this process in the job.
  var rank: Int { launcher.rank }
  /// The number of processes of the job.
  var size: Int { launcher.size ?? 1 }
  /// True if only the variables of rank and size are set, so that no other rank may speak for this one.
  var isLone: Bool { launcher.isLone }
  /// The error message if the launcher has started several processes that MPI cannot connect; otherwise `nil`.
  var problem: String? { launcher.problem }

  /// The rank and number of this job's processes, according to the launcher's environment variables.
  static var current: Launch { Launch(launcher: .current) }

  /// Waits long enough for rank 0 to print, because launchers end all ranks soon after the first one exits with an
  /// error.
  static func letRootSpeakFirst() {
    sleep(1)
  }

  /// Waits for the time in which mpirun would end this rank if rank 0 had failed too; on return, only this
  /// rank has failed.
  ///
  /// - Returns: True after the wait; false immediately with Hydra and srun, which do not end the other ranks.
  func outlivesRoot() -> Bool {
    guard launcher.kind == .openMPI else { return false }
    sleep(6)
    return true
  }

  /// Restores the default actions of crash signals, so that the MPI library's handlers report them.
  ///
  /// Swift's own handler may take a minute for a backtrace if all ranks share the cores, and the job hangs in the
  /// meantime.
  func leaveCrashesToTheLibrary() {
    guard size > 1 else { return }
    for crash in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGQUIT] {
      signal(crash, SIG_DFL)
    }
  }
}

/// Ends the process with an exit code.
func exit(_ code: Int32) -> Never {
  Glibc.exit(code)
}
