import ArgumentParser
import Configuration
import Job
import MPI
import Training

/// The command `supcon supervised`, which trains encoder and classifier with cross-entropy, the baseline of contrastive
/// training.
struct SupervisedCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "supervised",
    abstract: "Trains encoder and classifier with cross-entropy: the baseline of contrastive training.",
    discussion: """
      Example: mpirun -np 2 supcon supervised --dataset cifar10 --data cifar-10-batches-bin --epochs 10 --output runs/baseline
      The options are those of supcon pretrain without a contrastive loss, --views is 1 if not given. With --init the encoder begins as that of
      a run or a file: fine-tuning. supcon linear --run on the result is the two-stage control.
      """)

  @OptionGroup var training: TrainingOptions
  @OptionGroup(title: "Run") var launch: LaunchOptions

  private var request: TrainingRun.Request { training.request(.supervised) }

  static var command: TrainingCommand { .supervised }

  var configuration: ConfigurationOptions { training.configuration }

  var verbosity: Verbosity { training.verbosity }
  var outputFolders: [(option: String, path: String)] { training.outputFolders }

  func problem(ranks: Int) -> String? {
    training.problem ?? request.problem(ranks: ranks)
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try TrainingRun.run(request, over: world, report: Console.reporter(of: world, verbosity))
  }
}
