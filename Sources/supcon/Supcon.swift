import ArgumentParser
import Configuration
import Formats
import Job
import MPI
import Runs

/// The command line of the program `supcon`.
struct Supcon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "supcon",
    abstract: "Trains image encoders with the Supervised Contrastive loss on CPUs, alone or under mpirun.",
    discussion: """
      First, on images that are built in: supcon pretrain --epochs 5 --output runs/first, then supcon linear runs/first.
      Topics, and any option: supcon help topics, supcon help OPTION.
      Completions for a shell: supcon --generate-completion-script bash (or zsh, fish).
      """,
    // The version text is printed by `main`: asking oneDNN for its instruction set here would make a later limit
    // ineffective.
    version: supconVersion,
    subcommands: [
      PretrainCommand.self, SupervisedCommand.self, LinearCommand.self, EvaluateCommand.self, EmbedCommand.self,
      PredictCommand.self, NeighborsCommand.self, ReportCommand.self, ExportCommand.self, ImportCommand.self,
      LossCommand.self, BenchCommand.self, SweepCommand.self,
      DatasetCommand.self,
      DoctorCommand.self, PlanCommand.self, RecipeCommand.self,
    ])
}

/// A subcommand that every rank runs.
protocol RankedCommand: ParsableCommand {
  /// The options of the watchdog and of vector instructions.
  var launch: LaunchOptions { get }

  /// The watchdog settings of this command; by default, the settings in ``launch``.
  var watch: JobWatchdog.Settings { get }

  /// The number of threads of each rank.
  var threadsPerRank: Int { get }

  /// The amount of output.
  var verbosity: Verbosity { get }

  /// True if the standard output is the command's result, so that notes go to the standard error.
  var hasResultOutput: Bool { get }

  /// True if the command checks the launch itself, and reports more.
  var checksLaunchItself: Bool { get }

  /// The files that the command will write; they are checked before its work begins.
  var outputs: [OutputFile] { get }

  /// The folders that the command will write images or tables to, with the options that name them.
  var outputFolders: [(option: String, path: String)] { get }

  /// The state of the output, and what to do, after a signal ended the command's work.
  var adviceWhenStopped: String { get }

  /// Returns the error message for the first invalid option, found before the command starts; `nil` if all are valid.
  func problem(ranks: Int) -> String?

  /// Runs the command on every rank; rank 0 prints.
  ///
  /// - Returns: The exit status, the same on every rank.
  func run(over world: borrowing Communicator) throws -> ExitStatus
}

extension RankedCommand {
  var watch: JobWatchdog.Settings { launch.settings }
  var verbosity: Verbosity { .normal }
  var hasResultOutput: Bool { false }
  var checksLaunchItself: Bool { false }

  var outputs: [OutputFile] { [] }
  var outputFolders: [(option: String, path: String)] { [] }
  var adviceWhenStopped: String { "no result was stored: start it again" }
}

@main
enum Program {
  static func main() {
    Console.reserveClosedStreams()
    Console.ignoreFailedWrites()
    let launch = Launch.current
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let early = earlyText(arguments, launch) {
      end(launch, code: early.code.rawValue, message: early.text)
    }
    let command: any RankedCommand
    do {
      var parsed = try Supcon.parseAsRoot()
      guard let ranked = parsed as? any RankedCommand else {
        // Commands of the argument parser, such as help, throw the text to print.
        try parsed.run()
        throw CleanExit.helpRequest()
      }
      command = ranked
    } catch let error as RunError {
      end(launch, code: error.exitCode.rawValue, message: "Error: \(error)")
    } catch {
      let message = Supcon.fullMessage(for: error)
      end(
        launch, code: Supcon.exitCode(for: error).rawValue,
        message: UnknownOption.message(message, for: arguments) ?? MissingOptions.message(message, for: arguments)
          ?? message)
    }
    if let error = (command as? any ConfiguredCommand)?.configurationProblem {
      end(launch, code: error.exitCode.rawValue, message: "Error: \(error)")
    }
    let ending = command.outputs.compactMap(\.endingProblem).first
    let limit = HostLimits.startProblem(threads: command.threadsPerRank)
    if let problem = limit ?? RunLock.patienceProblem ?? launch.problem ?? command.watch.problem
      ?? command.problem(ranks: launch.size) ?? ending
    {
      end(
        launch, code: ExitStatus.usage.rawValue, message: ForeignAdvice.removed(from: "Error: \(problem)", of: command))
    }
    if let message = WorkingDirectory.message {
      end(launch, code: ExitStatus.output.rawValue, message: message)
    }
    if let problem = LoadedLibraries.problem {
      end(launch, code: ExitStatus.configuration.rawValue, message: "Error: \(problem)")
    }
    let instructions = instructions(command.launch.isa, launch, ranks: launch.size)
    launch.leaveCrashesToTheLibrary()
    let isOfDatasets = DatasetCommand.configuration.subcommands.contains { type in type == Swift.type(of: command) }
    let name = type(of: command).configuration.commandName ?? ""
    Interruption.announce(
      isOfDatasets ? "dataset \(name)" : name, advice: command.adviceWhenStopped, rank: launch.rank)
    exit(Console.exitCode(run(command, launch, instructions)))
  }

  /// Returns the text to print in place of running a command: a mistake that the argument parser would not name, or a
  /// text that was asked for; `nil` if there is none.
  private static func earlyText(_ arguments: [String], _ launch: Launch) -> (text: String, code: ExitStatus)? {
    if let message = UnreadableArgument.message ?? SubcommandSuggestion.message(for: arguments) {
      return (message, .usage)
    }
    if arguments == ["--version"] {
      _ = instructions(nil, launch, ranks: 1)
      return (supconVersionText, .success)
    }
    if let message = EmptyArgument.message(for: arguments) ?? NegativeNumber.message(for: arguments) {
      return (message, .usage)
    }
    if let topic = HelpTopic(arguments) { return (topic.text, topic.exitStatus) }
    return (CompletionScript.text(for: arguments) ?? OptionLists.text(for: arguments)).map { text in (text, .success) }
  }

  /// Returns what this rank may compute with, or ends it if that is not possible.
  private static func instructions(_ option: String?, _ launch: Launch, ranks: Int) -> InstructionSetAgreement {
    do throws(RunError) {
      return try InstructionSetLimit.offer(option, ranks: ranks)
    } catch {
      end(launch, code: error.exitCode.rawValue, message: "Error: \(error)")
    }
  }

  /// Checks the outputs of a command on rank 0 before its work begins, and notes files that it will replace.
  ///
  /// Collective.
  private static func checkOutputs(of command: any RankedCommand, over world: borrowing Communicator) throws {
    guard !command.outputs.isEmpty || !command.outputFolders.isEmpty else { return }
    let notes = Console.errorReporter(of: world)
    try world.onRoot {
      if let conflict = OutputConflict.problem(
        command.outputs, folders: command.outputFolders, arguments: Array(CommandLine.arguments.dropFirst()))
      {
        throw conflict
      }
      for output in command.outputs {
        if try output.check() { notes.note("\(output.path): will be replaced") }
      }
    }
  }

  /// Runs a command under MPI, and returns its exit code.
  private static func run(
    _ command: any RankedCommand, _ launch: Launch, _ instructions: InstructionSetAgreement
  ) -> Int32 {
    let watchdog = JobWatchdog(command.watch, rank: launch.rank, of: launch.size)
    defer { watchdog.end() }
    var foreignLauncher: String?
    do {
      let code = try withMPI(activity: watchdog.activity) { world in
        foreignLauncher = Launcher.current.problem(worldSize: world.size)
        if foreignLauncher != nil {
          return ExitStatus.usage.rawValue
        }
        do {
          try instructions.agree(over: world)
          try watchdog.connect(over: world)
          if !command.checksLaunchItself {
            try LaunchChecks.run(
              threads: command.threadsPerRank, over: world,
              report: command.hasResultOutput
                ? Console.errorReporter(of: world) : Console.reporter(of: world, command.verbosity))
          }
          try checkOutputs(of: command, over: world)
          let code = try command.run(over: world)
          Interruption.withdraw()
          if code != .success {
            // Launchers end all ranks soon after the first one exits, so no rank exits before rank 0 has printed.
            try world.barrier()
          }
          return code.rawValue
        } catch let agreed as CollectiveError {
          Interruption.withdraw()
          if world.isRoot {
            Console.error(ForeignAdvice.removed(from: "Error: \(agreed.error)", of: command))
          }
          try world.barrier()
          return agreed.error.exitCode.rawValue
        }
      } onFailure: { error, rank in
        let fault = RunError(error)
        Console.error("Error: rank \(rank): \(fault)")
        return fault.exitCode.rawValue
      }
      if let foreignLauncher {
        // MPI takes every process for rank 0 here, so the launcher's number decides which one prints.
        end(launch, code: ExitStatus.usage.rawValue, message: "Error: \(foreignLauncher)")
      }
      return code
    } catch {
      Console.error("Error: \(error)")
      return ExitStatus.software.rawValue
    }
  }

  /// Ends this rank before MPI is initialized, after rank 0 has printed.
  private static func end(_ launch: Launch, code: Int32, message: String) -> Never {
    if launch.rank == 0 || launch.isLone {
      if code == 0 {
        Console.line(message)
      } else {
        Console.error(message)
      }
    } else if code != 0 {
      Launch.letRootSpeakFirst()
      if launch.outlivesRoot() {
        Console.error("rank \(launch.rank): \(message)")
      }
    }
    exit(Console.exitCode(code))
  }
}
