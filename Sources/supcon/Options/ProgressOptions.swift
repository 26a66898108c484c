import ArgumentParser

/// The options of the length of a run and of its checkpoints.
struct ProgressOptions: OptionArguments {
  @Option("steps") var steps: String?
  @Option("checkpoint-steps") var checkpointSteps: String?
  @Option("keep") var keep: String?
  @Option("log-steps") var logSteps: String?
}
