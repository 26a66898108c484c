import ArgumentParser
import Configuration
import MPI
import Tools

/// The command `supcon dataset synthesize`, which writes the built-in dataset as PNG files.
struct DatasetSynthesizeCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Writes the built-in set as PNG files: DIR/train/CLASS and DIR/test/CLASS.",
    discussion: "Example: supcon dataset synthesize --output shapes")

  @Option(help: ArgumentHelp("A folder that is not there yet, or is empty.", valueName: "dir"), completion: .directory)
  var output: String
  @Option(help: "Images to train on.")
  var train = Configuration().data.shapesTrain
  @Option(help: "Images to test on.")
  var test = Configuration().data.shapesTest
  @Option(help: "Threads of each rank. (default: the cores of this machine, shared by the ranks)")
  var threads: Int?

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { threads ?? 1 }

  var outputFolders: [(option: String, path: String)] { [("--output", output)] }

  var adviceWhenStopped: String { "\(output) is incomplete: remove it and start again" }

  func problem(ranks: Int) -> String? {
    // As many as --shapes-train and --shapes-test allow.
    let most = 10_000_000
    return Configuration.problem(of: "train", train, atLeast: 1, atMost: most)
      ?? Configuration.problem(of: "test", test, atLeast: 1, atMost: most)
      ?? threads.flatMap { threads in Configuration.problem(ofThreads: threads) }
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetSynthesis.run(
      output: output, counts: (train, test), threads: threads, over: world, report: Console.reporter(of: world))
    return .success
  }
}
