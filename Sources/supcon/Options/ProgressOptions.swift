import ArgumentParser

/// The options of the length of a run, its checkpoints and its evaluations.
struct ProgressOptions: OptionArguments {
  @Option("steps") var steps: String?
  @Option("checkpoint-steps") var checkpointSteps: String?
  @Option("keep") var keep: String?
  @Option("keep-best") var keepBest: String?
  @Option("evaluate-epochs") var evaluateEpochs: String?
  @Option("log-steps") var logSteps: String?
}
