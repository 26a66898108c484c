import Configuration
import Job
import Runs

/// The progress output of a run on rank 0: a status line on a terminal, otherwise a line every few seconds.
///
/// Each epoch and each evaluation also gets a line.
package final class RunProgress {
  /// The smallest time between two lines about steps, in seconds.
  private static let secondsBetweenLines = 5.0

  private let console: RunConsole
  private let epochs: Int
  private var lastLine = 0.0

  /// Creates the output of a run with `epochs` epochs.
  package init(_ console: RunConsole, epochs: Int) {
    self.console = console
    self.epochs = epochs
  }

  /// Prints a line above the status line.
  package func report(_ line: String) {
    console.report(line)
  }

  /// Prints a warning above the status line.
  package func warn(_ text: String) {
    console.report.warn(text)
  }

  /// Displays a step.
  ///
  /// - Parameters:
  ///   - text: The values of the step.
  ///   - record: The record of the step if it is a logged step.
  package func show(_ text: ProgressText, _ record: StepRecord?) {
    let now = ProcessMeasurements.now()
    if console.verbosity == .verbose, let record {
      report(text.plainLine)
      report(Self.details(of: record))
    } else if console.statusLine == nil,
      now - lastLine >= Self.secondsBetweenLines || text.step == text.lastStep
    {
      lastLine = now
      report(text.plainLine)
    }
    console.statusLine?.show { columns in text.statusLine(columns: columns) }
  }

  /// Returns the gradient norm and the longest parts of a step as text.
  static func details(of record: StepRecord) -> String {
    let whole = record.secondsByPart.values.reduce(0, +)
    let longest = record.secondsByPart.sorted { one, other in (one.value, other.key) > (other.value, one.key) }
      .prefix(3).filter { _, seconds in seconds > 0.01 * whole }
    return "  gradient norm \(threeDigits(record.gradientNorm)), "
      + longest.map { name, seconds in "\(name) \(threeDigits(seconds)) s" }.joined(separator: ", ")
  }

  /// Prints the line about an evaluation.
  package func report(_ record: EvaluationRecord) {
    report(
      "step \(record.step)  " + Self.text(record.measures)
        + (record.averageMeasures.map { measures in "; averaged weights \(Self.text(measures))" } ?? ""))
  }

  private static func text(_ measures: EvaluationRecord.Measures) -> String {
    let named: [(String, Double?)] = [
      ("k-NN", measures.knn20Top1), ("linear probe", measures.linearProbeTop1),
      ("class means", measures.classMeansTop1), ("classifier", measures.classifierTop1),
    ]
    let texts = named.compactMap { name, value in value.map { value in "\(name) \(decimal(value, 3))" } }
    let uniformity = measures.uniformity.map { value in ["uniformity \(decimal(value, 3))"] } ?? []
    return (texts.isEmpty ? uniformity : texts).joined(separator: ", ")
  }

  /// Prints the line about an epoch.
  package func report(_ record: EpochRecord, stepsPerEpoch: Int) {
    report(
      "epoch \(record.epoch)/\(epochs)  mean loss \(decimal(record.loss, 4))"
        // The steps before a resume were counted by another process.
        + (record.stepsCounted < stepsPerEpoch ? " of the last \(counted(record.stepsCounted, "step"))" : "")
        + (record.trainTop1.map { top1 in "  train top-1 \(decimal(top1, 4))" } ?? "")
        + "  \(duration(record.seconds))")
  }
}
