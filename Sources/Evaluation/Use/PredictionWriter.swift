import Configuration
import Measures
import Runs

/// A writer of predictions as lines of text, CSV or JSON.
struct PredictionWriter {
  let format: ResultFormat
  let top: Int
  let names: [String]
  private var isFirst = true

  init(format: ResultFormat, top: Int, names: [String]) {
    self.format = format
    self.top = top
    self.names = names
  }

  /// Writes the lines before the first prediction.
  func begin(_ output: Reporter) {
    format.begin(header: "file,place,label,probability", output)
  }

  /// Writes the most probable classes of one file; of equally probable classes, the one with the lower index comes
  /// first.
  mutating func write(_ path: String, _ probabilities: [Double], _ output: Reporter) {
    let best = probabilities.indices.sorted { one, other in
      probabilities[one] != probabilities[other] ? probabilities[one] > probabilities[other] : one < other
    }.prefix(top)
    switch format {
    case .text:
      output(
        ([path] + best.map { label in "\(names[label]) \(decimal(probabilities[label], 4))" }).joined(separator: "\t"))
    case .csv:
      for (place, label) in best.enumerated() {
        output("\(CSV.field(path)),\(place + 1),\(CSV.field(names[label])),\(probabilities[label])")
      }
    case .json:
      let predictions = best.map { label in
        JSONValue.object(["label": .text(names[label]), "probability": .number(probabilities[label])])
      }
      let object = JSONValue.object(["file": .text(path), "predictions": .list(predictions)])
      output((isFirst ? "" : ",") + object.encoded())
      isFirst = false
    }
  }

  /// Writes the lines after the last prediction.
  func end(_ output: Reporter) {
    format.end(output)
  }
}
