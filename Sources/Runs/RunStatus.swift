/// The state of a run in its `summary.json`.
package enum RunStatus: String, Sendable {
  /// Training is in progress, or its process was killed.
  case running
  /// Training was stopped on request; `--resume` continues it.
  case stopped
  /// Training has reached the end of the run.
  case finished
  /// Training ended because the loss or gradient was not finite; a resumed run would diverge at the same step again.
  case diverged

  /// Reads the status among the fields of `summary.json`; `nil` if there is none.
  init?(ofSummary fields: [String: JSONValue]) {
    guard let text = fields["status"]?.string else { return nil }
    self.init(rawValue: text)
  }

  /// The advice at the end of error messages about a loss or gradient that is not finite.
  package static let adviceWhenDiverged = "the run cannot go on from here: begin a new one with another --output"

  /// The fields that later commands, such as `supcon linear`, add to `summary.json`; removed when the weights change.
  package static let fieldsOfLaterStages: Set<String> = [
    "linear_top1", "linear_top5", "knn_top1", "pixel_knn_top1", "average_linear_top1", "average_linear_top5",
    "average_knn_top1", "average_pixel_knn_top1",
  ]
}
