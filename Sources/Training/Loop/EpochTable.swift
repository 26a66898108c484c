import Formats

/// `summary.csv`: one row per epoch.
///
/// The table is rewritten as a whole: it has no truncated row, and a test that follows its epoch completes the epoch's row.
struct EpochTable {
  /// The figures of one epoch.
  struct Row {
    /// The number of the epoch, counted from 1.
    var epoch: Int
    /// Its last step.
    var step: Int
    /// The mean loss of its steps in this invocation.
    var loss: Double
    /// The lower bound of the loss for the labels of the last batch.
    var lowerBound: Double
    /// The learning rate of the last step.
    var learningRate: Float
    /// The speed of this invocation.
    var viewsPerSecond: Double
    /// The duration, in this invocation.
    var seconds: Double
    /// The mean share of views classified correctly, if there is a classifier.
    var trainTop1: Double?
    /// The share of test samples classified correctly, if they were tested after the last step.
    var testTop1: Double?

    /// The cells, in the order of ``EpochTable/header``.
    fileprivate var line: String {
      let cells: [any CustomStringConvertible] = [
        epoch, step, loss, lowerBound, loss - lowerBound, learningRate, viewsPerSecond, seconds,
        trainTop1?.description ?? "", testTop1?.description ?? "",
      ]
      return cells.map(\.description).joined(separator: ",")
    }
  }

  private static let header =
    "epoch,step,loss,loss_lower_bound,loss_excess,learning_rate,views_per_second,seconds,train_top1,test_top1"

  private let path: String
  /// The rows of all epochs but the last.
  private var lines: [Substring] = []
  private var last: Row?

  /// Opens the table; rows of epochs that end behind `step`, which a resumed run will compute again, are removed.
  ///
  /// - Throws: ``FileError``.
  init(path: String, keepingThrough step: Int) throws(FileError) {
    self.path = path
    let file: ReadOnlyFile
    do throws(FileError) {
      file = try ReadOnlyFile(path: path)
    } catch {
      guard error.kind == .missing else { throw error }
      return
    }
    let text = String(decoding: try file.read(file.byteCount, at: 0), as: UTF8.self)
    let rows = text.split(separator: "\n").dropFirst()
    lines = rows.filter { row in
      let cells = row.split(separator: ",", omittingEmptySubsequences: false)
      return cells.count > 1 && Int(cells[1]).map { rowStep in rowStep <= step } ?? false
    }
    if lines.count < rows.count {
      try write()
    }
  }

  /// Adds the row of an epoch.
  ///
  /// - Throws: ``FileError`` if the table cannot be written; the next write holds the row too.
  mutating func add(_ row: Row) throws(FileError) {
    if let last {
      lines.append(last.line[...])
    }
    last = row
    try write()
  }

  /// Adds the accuracy of a test to the row of the epoch that ended with `step`, if there is one.
  ///
  /// - Throws: ``FileError`` if the table cannot be written.
  mutating func add(testTop1: Double, step: Int) throws(FileError) {
    guard last?.step == step else { return }
    last?.testTop1 = testTop1
    try write()
  }

  private func write() throws(FileError) {
    let rows = [Self.header[...]] + lines + (last.map { row in [row.line[...]] } ?? [])
    try AtomicFile.write(rows.map { row in row + "\n" }.joined(), to: path)
  }
}
