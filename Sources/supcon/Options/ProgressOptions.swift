import ArgumentParser

/// The options of a run's length, checkpoints and evaluations.
struct ProgressOptions: OptionArguments {
  @Option("steps") var steps: String?
  @Option("checkpoint-steps") var checkpointSteps: String?
  @Option("keep") var keep: String?
  @Option("keep-best") var keepBest: String?
  @Option("evaluate-epochs") var evaluateEpochs: String?
  @Option("log-steps") var logSteps: String?
}
