import ArgumentParser
import Configuration
import MPI
import Tools

/// The command `supcon dataset verify`, which decodes every image and lists those that cannot be used.
struct DatasetVerifyCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Decodes every image and lists those that cannot be used; exit code 65 if there is any.",
    discussion: "Example: mpirun -np 2 supcon dataset verify --data flowers")

  @OptionGroup var dataset: DatasetOptions

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { dataset.threads ?? 1 }

  func problem(ranks: Int) -> String? {
    dataset.request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetInspection.verify(dataset.request, over: world, report: Console.reporter(of: world))
    return .success
  }
}
