import Configuration
import Evaluation
import MPI

/// `supcon linear --finetune`: the supervised stage on a run's encoder, with the few options of the linear stage.
package enum FineTuning {
  /// Smaller than the linear stage's: the encoder is to keep what it has learned.
  package static let learningRate = 0.01

  /// What the supervised stage is asked for.
  ///
  /// - Parameters:
  ///   - request: The linear stage's options; its run is what the encoder begins with.
  ///   - overrides: Further options of the recipe, such as `dataset`, `weight-decay` and `augmentation` where they were given.
  ///   - output: The run directory of the result; `nil` for a free one under `runs`.
  /// - Returns: The request, as `supcon supervised` would make it.
  package static func request(
    _ request: LinearStage.Request, overrides: ConfigurationOverrides, output: String?
  ) -> TrainingRun.Request {
    var overrides = overrides
    overrides.set(request.run, for: "init")
    overrides.set(request.data, for: "data")
    overrides.set(request.epochs, for: "epochs")
    overrides.set(request.batchSize, for: "batch-size")
    overrides.set(request.shardSize, for: "shard-size")
    overrides.set(request.learningRate, for: "learning-rate")
    overrides.set(request.momentum, for: "momentum")
    overrides.set(request.seed, for: "seed")
    overrides.set(request.threads, for: "threads")
    return TrainingRun.Request(
      .supervised, overrides: overrides, output: output, isResuming: false, order: .tree, maximumSeconds: nil)
  }
}
