import Formats
import Runs

/// The table `summary.csv`, with one row per epoch.
///
/// The file is always rewritten as a whole, so that it has no truncated row, and a test or evaluation after an epoch
/// can complete the epoch's row.
struct EpochTable {
  /// The values of one epoch.
  private struct Row {
    var record: EpochRecord
    var test: TestRecord?
    var evaluation: EvaluationRecord?

    /// The row as CSV, with the cells in the order of ``EpochTable/columns``.
    var line: String {
      let (measures, average) = (evaluation?.measures, evaluation?.averageMeasures)
      let numbers: [Double?] = [
        record.trainTop1, test?.testTop1, measures?.knn20Top1, measures?.knn200Top1, measures?.classMeansTop1,
        measures?.linearProbeTop1, average?.knn20Top1, average?.knn200Top1, average?.classMeansTop1,
        average?.linearProbeTop1,
      ]
      let cells: [any CustomStringConvertible] = [
        record.epoch, record.step, record.loss, record.lossLowerBound, record.loss - record.lossLowerBound,
        // Printed with the digits of float32, the type in which the learning rate is computed.
        Float(record.learningRate), record.viewsPerSecond, record.seconds,
      ]
      return (cells.map(\.description) + numbers.map { number in number?.description ?? "" }).joined(separator: ",")
    }
  }

  private static let columns = [
    "epoch", "step", "loss", "loss_lower_bound", "loss_excess", "learning_rate", "views_per_second", "seconds",
    "train_top1", "test_top1", "knn20_weighted_top1", "knn200_weighted_top1", "class_means_top1", "linear_probe_top1",
    "average_knn20_weighted_top1", "average_knn200_weighted_top1", "average_class_means_top1",
    "average_linear_probe_top1",
  ]

  private let path: String
  /// The rows of all epochs but the last, as text.
  private var lines: [String] = []
  private var last: Row?

  /// Opens the table, and removes rows of epochs that end after `step`, because a resumed run computes them again.
  ///
  /// - Throws: ``FileError`` if an existing file cannot be read.
  init(path: String, keepingThrough step: Int) throws(FileError) {
    self.path = path
    let file: ReadOnlyFile
    do throws(FileError) {
      file = try ReadOnlyFile(path: path)
    } catch {
      guard error.kind == .missing else { throw error }
      return
    }
    let text = String(decoding: try file.contents(), as: UTF8.self)
    let rows = text.split(separator: "\n").dropFirst()
    lines = rows.compactMap { row in
      let cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count > 1, let rowStep = Int(cells[1]), rowStep <= step else { return nil }
      // Earlier versions wrote fewer columns.
      return (cells + Array(repeating: "", count: max(0, Self.columns.count - cells.count))).joined(separator: ",")
    }
    if lines.count < rows.count {
      try write()
    }
  }

  /// Adds the row of an epoch and writes the table.
  ///
  /// - Throws: ``FileError`` if the table cannot be written; the row is then part of the next write.
  mutating func add(_ record: EpochRecord) throws(FileError) {
    if let last {
      lines.append(last.line)
    }
    last = Row(record: record)
    try write()
  }

  /// Adds the results of a test to the row of the epoch that ended with the same step, if there is one.
  ///
  /// - Throws: ``FileError`` if the table cannot be written.
  mutating func complete(with test: TestRecord) throws(FileError) {
    guard last?.record.step == test.step else { return }
    last?.test = test
    try write()
  }

  /// Adds the results of an evaluation to the row of the epoch that ended with the same step, if there is one.
  ///
  /// - Throws: ``FileError`` if the table cannot be written.
  mutating func complete(with evaluation: EvaluationRecord) throws(FileError) {
    guard last?.record.step == evaluation.step else { return }
    last?.evaluation = evaluation
    try write()
  }

  private func write() throws(FileError) {
    let rows = [Self.columns.joined(separator: ",")] + lines + (last.map { row in [row.line] } ?? [])
    try AtomicFile.write(rows.map { row in row + "\n" }.joined(), to: path)
  }
}
