import Configuration
import Evaluation
import MPI

/// `supcon linear --finetune`: the supervised stage on a run's encoder, with the few options of the linear stage.
package enum FineTuning {
  /// The default learning rate; smaller than the linear stage's, to preserve the pretrained encoder.
  package static let learningRate = 0.01

  /// Creates the request of the supervised stage.
  ///
  /// - Parameters:
  ///   - request: The linear stage's options; its run gives the initial encoder.
  ///   - overrides: Further options that were given, such as `dataset`, `weight-decay` and `augmentation`.
  ///   - output: The run directory of the result; `nil` for a free one under `runs`.
  /// - Returns: The request, as of `supcon supervised`.
  package static func request(
    _ request: LinearStage.Request, overrides: ConfigurationOverrides, output: String?
  ) -> TrainingRun.Request {
    var overrides = overrides
    overrides.set(\.model.initialPath, to: request.run)
    overrides.set(\.data.path, to: request.data)
    overrides.set(\.schedule.epochs, to: request.epochs)
    overrides.set(\.batches.size, to: request.batchSize)
    overrides.set(\.batches.shardSize, to: request.shardSize)
    overrides.set(\.optimizer.learningRate, to: request.learningRate)
    overrides.set(\.optimizer.momentum, to: request.momentum)
    overrides.set(\.compute.seed, to: request.seed)
    overrides.set(\.compute.threads, to: request.threads)
    return TrainingRun.Request(
      .supervised, overrides: overrides, output: output, isResuming: false, maximumSeconds: nil)
  }
}
