import Configuration

/// The progress of a step as a line of limited width: the narrower the line, the shorter its fields.
package struct ProgressText: Sendable {
  package var step: Int
  package var lastStep: Int
  /// The number of the current epoch, counted from 1.
  package var epoch: Int
  package var epochs: Int
  package var loss: Double
  /// The loss minus its lower bound.
  package var excess: Double
  package var learningRate: Double
  /// The number of views per second over all ranks.
  package var viewsPerSecond: Double
  /// The fraction of the step's time spent waiting for views or making them.
  package var dataShare: Double
  package var secondsLeft: Double
  /// The k-nearest-neighbors accuracy in the last evaluation; `nil` before the first.
  package var neighborsTop1: Double?

  package init(
    step: Int, lastStep: Int, epoch: Int, epochs: Int, loss: Double, excess: Double, learningRate: Double,
    viewsPerSecond: Double, dataShare: Double, secondsLeft: Double, neighborsTop1: Double?
  ) {
    self.step = step
    self.lastStep = lastStep
    self.epoch = epoch
    self.epochs = epochs
    self.loss = loss
    self.excess = excess
    self.learningRate = learningRate
    self.viewsPerSecond = viewsPerSecond
    self.dataShare = dataShare
    self.secondsLeft = secondsLeft
    self.neighborsTop1 = neighborsTop1
  }

  /// The width in characters of lines in files and pipes.
  package static let plainWidth = 80

  /// Returns the progress as a line that is at least one column shorter than the width of the terminal.
  package func statusLine(columns: Int) -> String {
    let fields = [epochField, stepField, lossField, excessField, rateField, speedField, dataField, timeField, knnField]
    // Fields that are clear without words are shortened first; fields that change most are omitted last.
    let order = [6, 4, 7, 5, 3, 0, 1, 8, 2, 6, 0, 8, 1, 3, 5, 4, 7]
    return Self.line(fields, shortening: order, width: columns - 1)
  }

  /// The progress as a line for files and pipes, which has the same fields at every step unless it would be too long.
  package var plainLine: String {
    let data = dataShare < 0.005 ? [""] : Array(dataField.dropFirst())
    let fields = [
      stepField, lossField, excessField, Array(rateField.dropFirst()), speedField, data, Array(timeField.dropFirst()),
    ]
    return Self.line(fields, shortening: [4, 2, 0, 1, 5, 0, 6, 4], width: Self.plainWidth)
  }

  // MARK: - Fields, each from the longest form to the shortest

  private var epochField: [String] { ["epoch \(epoch)/\(epochs)", "ep \(epoch)", ""] }
  private var stepField: [String] { ["step \(step)/\(lastStep)", "\(step)/\(lastStep)", "step \(step)"] }
  private var lossField: [String] { ["loss \(decimal(loss, 4))", "loss \(decimal(loss, 3))"] }
  private var excessField: [String] { ["excess \(decimal(excess, 4))", "+\(decimal(excess, 3))", ""] }
  private var rateField: [String] {
    ["learning rate \(threeDigits(learningRate))", "lr \(threeDigits(learningRate))", ""]
  }
  private var speedField: [String] { ["\(decimal(viewsPerSecond, 0)) views/s", "\(decimal(viewsPerSecond, 0))/s", ""] }
  private var dataField: [String] {
    let percent = decimal(100 * dataShare, 0)
    return ["\(percent) % waiting for data", "wait \(percent)%", ""]
  }
  private var timeField: [String] { ["\(duration(secondsLeft)) left", "left \(shortDuration(secondsLeft))", ""] }
  private var knnField: [String] {
    neighborsTop1.map { top1 in ["k-NN \(decimal(100 * top1, 1)) %", "kNN \(decimal(100 * top1, 1))", ""] } ?? [""]
  }

  /// Joins fields; while the line is too long, the next field in the given order is replaced by its next shorter form.
  private static func line(_ fields: [[String]], shortening order: [Int], width: Int) -> String {
    var forms = fields.map { _ in 0 }
    func text(_ separator: String) -> String {
      zip(fields, forms).map { field, form in field[min(form, field.count - 1)] }.filter { text in !text.isEmpty }
        .joined(separator: separator)
    }
    if text("  ").count <= width {
      return text("  ")
    }
    for field in order where text(" ").count > width {
      forms[field] += 1
    }
    return String(text(" ").prefix(max(width, 0)))
  }
}

/// Formats a nonnegative number with three significant digits, such as 0.0498.
package func threeDigits(_ value: Double) -> String {
  var (places, scaled) = (2, value)
  while scaled > 0, scaled < 1, places < 12 {
    scaled *= 10
    places += 1
  }
  return decimal(value, value >= 100 ? 0 : value >= 10 ? 1 : places)
}

/// Formats seconds in the two largest units: `2d03h`, `1h03m`, `3m12s`, `12s`.
package func shortDuration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(max(seconds, 0).rounded())
  func pair(_ unit: Int, _ name: String, _ part: Int, _ partName: String) -> String {
    let rest = whole % unit / part
    return "\(whole / unit)\(name)\(rest < 10 ? "0" : "")\(rest)\(partName)"
  }
  switch whole {
  case 86_400...: return pair(86_400, "d", 3600, "h")
  case 3600...: return pair(3600, "h", 60, "m")
  case 60...: return pair(60, "m", 1, "s")
  default: return "\(whole)s"
  }
}
