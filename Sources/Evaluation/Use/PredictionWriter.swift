import Configuration
import Measures
import Runs

/// Predictions as lines of text, CSV or JSON.
struct PredictionWriter {
  let format: PredictionStage.Format
  let top: Int
  let names: [String]
  private var isFirst = true

  init(format: PredictionStage.Format, top: Int, names: [String]) {
    self.format = format
    self.top = top
    self.names = names
  }

  /// Writes the header.
  func begin(_ output: (String) -> Void) {
    switch format {
    case .text: break
    case .csv: output("file,place,label,probability")
    case .json: output("[")
    }
  }

  /// Writes the most probable classes of one file; ties go to the lower class.
  mutating func write(_ path: String, _ probabilities: [Double], _ output: (String) -> Void) {
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

  /// Writes the footer.
  func end(_ output: (String) -> Void) {
    if format == .json {
      output("]")
    }
  }
}
