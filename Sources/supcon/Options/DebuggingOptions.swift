import ArgumentParser
import DistributedStep

/// The options for debugging, which do not change results.
struct DebuggingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compare weights, statistics, order and loss across all ranks every so many steps; the first rank and slice that differ are named.",
      valueName: "steps"))
  var checkRanks: Int?
  @Flag(
    help:
      "Look at every weight, statistic and number of the optimizer after each step. (Where the loss or a gradient is not finite, the first layer and shard are always named.)"
  )
  var checkNumerics = false
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "After this step write views, labels, representations, embeddings, losses and gradients into this folder.",
      valueName: "step dir"))
  var dumpStep: [String] = []

  /// The first error in these options, or `nil`.
  var problem: String? {
    if let checkRanks, checkRanks < 1 {
      return "--check-ranks \(checkRanks): expected at least 1"
    }
    guard dumpStep.isEmpty || dumpStep.count == 2 && Int(dumpStep[0]).map({ step in step >= 1 }) ?? false else {
      return
        "--dump-step \(dumpStep.joined(separator: " ")): expected a step from 1 on and a folder, such as --dump-step 3 dump"
    }
    return nil
  }

  /// The diagnostics that the options request.
  var diagnostics: Diagnostics {
    var diagnostics = Diagnostics()
    diagnostics.checkRanksSteps = checkRanks
    diagnostics.checksNumerics = checkNumerics
    if dumpStep.count == 2, let step = Int(dumpStep[0]) {
      diagnostics.dump = (step, dumpStep[1])
    }
    return diagnostics
  }
}
