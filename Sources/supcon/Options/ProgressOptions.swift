import ArgumentParser
import Configuration

/// The options that decide how far a run goes and what it keeps on its way.
struct ProgressOptions: ParsableArguments {
  @Option(help: "Stop after this many steps, counted from the run's beginning; the schedule stays that of --epochs.")
  var steps: Int?
  @Option(help: "Steps between checkpoints. (default: an epoch)")
  var checkpointSteps: Int?
  @Option(help: "How many checkpoints stay. (default: 3)")
  var keep: Int?
  @Option(help: "Steps between lines of metrics.jsonl. (default: 10)")
  var logSteps: Int?

  /// `overrides` with the options that were given.
  func added(to overrides: ConfigurationOverrides) -> ConfigurationOverrides {
    var overrides = overrides
    overrides.set(steps, for: "steps")
    overrides.set(checkpointSteps, for: "checkpoint-steps")
    overrides.set(keep, for: "keep")
    overrides.set(logSteps, for: "log-steps")
    return overrides
  }
}
