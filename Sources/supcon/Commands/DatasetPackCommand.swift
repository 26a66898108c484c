import ArgumentParser
import Configuration
import Formats
import Job
import MPI
import Tools

/// The command `supcon dataset pack`, which decodes a folder's images once, shrinks them, and writes them into one file
/// for `--data`.
struct DatasetPackCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Decodes a folder's images once, makes them smaller, and writes them into one file for --data.",
    discussion: """
      Example: supcon dataset pack --data flowers --size 72 --output flowers.safetensors
      The file is in the safetensors format: offsets, sizes [n, 2], labels, names and pixels of each split.
      """)

  @OptionGroup var dataset: DatasetOptions
  @Option(help: ArgumentHelp("What the shorter side of larger images becomes.", valueName: "pixels"))
  var size = 256
  @Option(help: ArgumentHelp("Output file.", valueName: "file"), completion: .file())
  var output: String
  @Option(help: "Unreadable images: stop, or skip with a warning.")
  var badImages = "stop"

  private var request: DatasetRequest {
    var overrides = dataset.overrides
    // The default is not given, so that it is not refused as an option without effect.
    overrides.give(badImages == "stop" ? nil : badImages, for: "bad-images")
    return DatasetRequest(overrides: overrides, threads: dataset.threads)
  }

  @OptionGroup var launch: LaunchOptions

  var threadsPerRank: Int { dataset.threads ?? 1 }

  var outputs: [OutputFile] { [OutputFile(output, .safetensors, mustBeNew: true)] }

  func problem(ranks: Int) -> String? {
    size < 1 ? "--size \(size): expected at least 1" : request.problem
  }

  func run(over world: borrowing Communicator) throws -> ExitStatus {
    try DatasetPacking.run(
      request, shorterSide: size, output: output, over: world, report: Console.reporter(of: world))
    return .success
  }
}
