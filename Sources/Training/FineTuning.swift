import Configuration
import Evaluation
import MPI

/// The conversion of `supcon linear --finetune` to `supcon supervised`, which trains encoder and classifier, beginning
/// with a run's encoder.
package enum FineTuning {
  /// The default learning rate, smaller than the linear probe's to preserve the pretrained encoder.
  package static let learningRate = 0.01

  /// Creates the request of `supcon supervised` for a request of `supcon linear --finetune`.
  ///
  /// - Parameters:
  ///   - request: The options of `supcon linear`; its run provides the initial encoder.
  ///   - overrides: Further options that were given, such as `dataset`, `batch-size` and `augmentation`.
  ///   - output: The directory of the new run; `nil` for an unused one under `runs`.
  /// - Returns: The request of `supcon supervised`.
  package static func request(
    _ request: LinearStage.Request, overrides: ConfigurationOverrides, output: String?
  ) -> TrainingRun.Request {
    var overrides = overrides
    overrides.set(\.model.initialPath, to: request.run)
    overrides.set(\.data.path, to: request.data)
    overrides.set(\.schedule.epochs, to: request.epochs)
    overrides.set(\.optimizer.learningRate, to: request.learningRate)
    overrides.set(\.optimizer.momentum, to: request.momentum)
    overrides.set(\.compute.seed, to: request.seed)
    overrides.set(\.compute.threads, to: request.threads)
    return TrainingRun.Request(
      .supervised, overrides: overrides, output: output, isResuming: false, maximumSeconds: nil)
  }
}
