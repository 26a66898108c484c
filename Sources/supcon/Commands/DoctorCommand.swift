import ArgumentParser
import Configuration
import Job
import MPI
import Tools

/// The command `supcon doctor`, which checks a launch before training: cores, memory, networks, programs, options,
/// data, output.
struct DoctorCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Checks the launch before training: binding, cores, memory, networks, programs, options, data, output.",
    discussion: """
      Example: mpirun -np 4 --hostfile hostfiles/two-nodes supcon doctor --dataset cifar10 --data cifar-10-batches-bin --threads 2
      Start it as the run is to be started, with the same options; for --resume give --config RUN/config.yaml.
      It trains nothing and writes nothing. Each finding comes with its remedy, and the exit code is then not 0.
      """)

  @OptionGroup var training: TrainingOptions
  @OptionGroup(title: "Run") var launch: LaunchOptions

  var configuration: ConfigurationOptions { training.configuration }

  private var request: Doctor.Request {
    Doctor.Request(
      overrides: configuration.overrides.overridden(by: training.run.progress.given), output: training.run.output)
  }

  /// The watchdog settings with a short timeout, because only ranks that cannot connect to each other take long here.
  var watch: JobWatchdog.Settings {
    var settings = launch.settings
    settings.timeoutSeconds = min(settings.timeoutSeconds, 30)
    return settings
  }

  var checksLaunchItself: Bool { true }

  func problem(ranks: Int) -> String? {
    guard !training.run.resume else {
      return
        "--resume: supcon doctor resumes no run; to check with its options give --config \(training.run.output ?? "RUN")/config.yaml"
    }
    return training.problem ?? request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try Doctor.run(request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
