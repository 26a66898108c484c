import Formats
import Runs

/// The table `summary.csv`, with one row per epoch.
///
/// The file is always rewritten as a whole, so that it has no truncated row, and a test or evaluation after an epoch
/// can complete the epoch's row.
struct EpochTable {
  private static let columns = [
    "epoch", "step", "loss", "loss_lower_bound", "loss_excess", "learning_rate", "views_per_second", "seconds",
    "train_top1", "test_top1", "knn20_weighted_top1", "knn200_weighted_top1", "class_means_top1", "linear_probe_top1",
    "average_knn20_weighted_top1", "average_knn200_weighted_top1", "average_class_means_top1",
    "average_linear_probe_top1",
  ]

  /// The column with the number of the epoch's last step, by which rows are found.
  private static let stepColumn = 1

  private let path: String
  /// The cells of each row, in the order of ``columns``.
  private var rows: [[String]] = []

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
    // A spreadsheet may have ended the lines with a carriage return too.
    let stored = text.split(whereSeparator: \.isNewline).dropFirst()
    rows = stored.compactMap { row in
      let cells = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count > Self.stepColumn, let rowStep = Int(cells[Self.stepColumn]), rowStep <= step else {
        return nil
      }
      // Earlier versions wrote fewer columns.
      return cells + Array(repeating: "", count: max(0, Self.columns.count - cells.count))
    }
    if rows.count < stored.count {
      try write()
    }
  }

  /// Adds the row of an epoch and writes the table.
  ///
  /// - Throws: ``FileError`` if the table cannot be written; the row is then part of the next write.
  mutating func add(_ record: EpochRecord) throws(FileError) {
    let values: [any CustomStringConvertible] = [
      record.epoch, record.step, record.loss, record.lossLowerBound, record.loss - record.lossLowerBound,
      // Printed with the digits of float32, the type in which the learning rate is computed.
      Float(record.learningRate), record.viewsPerSecond, record.seconds,
    ]
    rows.append(values.map(\.description) + Array(repeating: "", count: Self.columns.count - values.count))
    try complete(rowOf: record.step, with: [("train_top1", record.trainTop1)])
  }

  /// Adds the results of a test to the row of the epoch that ended with the same step, if there is one.
  ///
  /// - Throws: ``FileError`` if the table cannot be written.
  mutating func complete(with test: TestRecord) throws(FileError) {
    try complete(rowOf: test.step, with: [("test_top1", test.testTop1)])
  }

  /// Adds the results of an evaluation to the row of the epoch that ended with the same step, if there is one.
  ///
  /// - Throws: ``FileError`` if the table cannot be written.
  mutating func complete(with evaluation: EvaluationRecord) throws(FileError) {
    let measures = [(RunWeights.raw, Optional(evaluation.measures)), (.average, evaluation.averageMeasures)]
    let values = measures.flatMap { weights, measures -> [(String, Double?)] in
      [
        ("knn20_weighted_top1", measures?.knn20Top1), ("knn200_weighted_top1", measures?.knn200Top1),
        ("class_means_top1", measures?.classMeansTop1), ("linear_probe_top1", measures?.linearProbeTop1),
      ].map { column, value in (weights.fieldPrefix + column, value) }
    }
    try complete(rowOf: evaluation.step, with: values)
  }

  /// Fills cells of the last row, which an earlier start of the program may have written, if it ends with a step, and
  /// writes the table.
  private mutating func complete(rowOf step: Int, with values: [(String, Double?)]) throws(FileError) {
    guard let last = rows.indices.last, rows[last][Self.stepColumn] == "\(step)" else { return }
    for (column, value) in values {
      guard let value, let place = Self.columns.firstIndex(of: column) else { continue }
      rows[last][place] = value.description
    }
    try write()
  }

  private func write() throws(FileError) {
    let lines = ([Self.columns] + rows).map { cells in cells.joined(separator: ",") + "\n" }
    try AtomicFile.write(lines.joined(), to: path)
  }
}
