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
  package static let fieldsOfLaterStages: Set<String> = {
    let votes = ["knn_top1", "pixel_knn_top1"]
    let fields = ["linear_top1", "linear_top5"] + votes + votes.map(neighborsField)
    return Set(RunWeights.allCases.flatMap { weights in fields.map { field in weights.fieldPrefix + field } })
  }()

  /// Returns the field with the number of neighbors, k, of which an accuracy of k-NN is the majority vote, such as
  /// `knn_neighbors` for `knn_top1`.
  package static func neighborsField(of vote: String) -> String { vote.replacing("top1", with: "neighbors") }
}
