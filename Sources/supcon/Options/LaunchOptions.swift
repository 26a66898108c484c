import ArgumentParser
import Job
import OneDNN

/// The options of the watchdog, and the limit of vector instructions.
struct LaunchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "End the job, naming the rank that is behind, after so long without progress; 0: never.", valueName: "seconds"))
  var stallTimeout = DecimalArgument(JobWatchdog.Settings().timeoutSeconds)
  @Option(
    help: ArgumentHelp(
      "TCP port of rank 0 that the other ranks' watchdogs connect to; 0: a free one.", valueName: "port"))
  var watchdogPort = JobWatchdog.Settings().port
  @Option(
    help: ArgumentHelp(
      "Highest vector instructions to compute with, for the same bits on CPUs of several kinds: auto (the lowest of all ranks), \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")). (default: SUPCON_ISA, else auto)",
      valueName: "set"),
    completion: .list(InstructionSet.allCases.map(\.rawValue)))
  var isa: String?

  /// The watchdog settings that the options give.
  var settings: JobWatchdog.Settings {
    var settings = JobWatchdog.Settings()
    settings.timeoutSeconds = stallTimeout.value
    settings.port = watchdogPort
    return settings
  }
}
