/// The status of a run in its `summary.json`.
enum RunStatus: String {
  /// Training is in progress, or its process was killed.
  case running
  /// Training was stopped on request; `--resume` continues it.
  case stopped
  /// Training has reached the end of the run.
  case finished

  /// The fields that later stages add to `summary.json`, which are valid only for the weights that these stages read.
  static let fieldsOfLaterStages: Set<String> = [
    "linear_top1", "linear_top5", "knn_top1", "pixel_knn_top1", "average_linear_top1", "average_linear_top5",
    "average_knn_top1", "average_pixel_knn_top1",
  ]
}
