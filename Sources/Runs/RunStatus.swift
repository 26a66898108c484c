/// The state of a run in its `summary.json`.
package enum RunStatus: String, Sendable {
  /// Training is in progress, or its process was killed.
  case running
  /// Training was stopped on request; `--resume` continues it.
  case stopped
  /// Training has reached the end of the run.
  case finished

  /// The fields that later stages add to `summary.json`; they belong to the weights that these stages read.
  package static let fieldsOfLaterStages: Set<String> = [
    "linear_top1", "linear_top5", "knn_top1", "pixel_knn_top1", "average_linear_top1", "average_linear_top5",
    "average_knn_top1", "average_pixel_knn_top1",
  ]
}
