import ArgumentParser
import Configuration
import Job
import MPI
import Training

/// The command `supcon pretrain`, which trains an encoder with the contrastive loss over the global batch.
struct PretrainCommand: ConfiguredCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Trains an encoder with the Supervised Contrastive loss (or SimCLR's) over the global batch.",
    discussion: """
      Example: mpirun -np 2 supcon pretrain --dataset cifar10 --data cifar-10-batches-bin --epochs 10 --output runs/c10
      The weights are the same to the last bit on any number of ranks and threads.
      """)

  @OptionGroup var training: TrainingOptions
  @OptionGroup(title: "Run") var launch: LaunchOptions

  private var request: TrainingRun.Request { training.request(.pretrain) }

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
