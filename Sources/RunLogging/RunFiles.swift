import Configuration
import DataLoading
import Datasets
import Formats
import FoundationEssentials
import ImageCodecs
import Runs

/// The log files of a run on rank 0: `metrics.jsonl`, TensorBoard's event files and `summary.csv`.
///
/// If a file cannot be written, training continues without it, with one warning per file.
package final class RunFiles {
  private let metrics: MetricsLog
  private let tensorBoard: TensorBoardLog
  private var table: EpochTable
  private let report: Reporter
  /// The names of files of which a write has failed; the user is warned once per file.
  private var failedFiles: Set<String> = []

  /// The number of samples, and the largest number of views of each, in the image of views.
  private static let shownSamples = 8

  /// Opens the files, and removes or invalidates entries of steps after `firstStep`, which a resumed run computes
  /// again.
  ///
  /// - Throws: `FileError` if an existing file cannot be read.
  package init(_ directory: RunDirectory, from firstStep: Int, report: Reporter) throws {
    metrics = try MetricsLog(path: directory.metricsPath, keepingThrough: firstStep)
    tensorBoard = TensorBoardLog(directory, firstStep: firstStep + 1)
    table = try EpochTable(path: directory.epochTablePath, keepingThrough: firstStep)
    self.report = report
  }

  /// Appends a record to each log file that stores records of its kind.
  package func add(_ record: some MetricsRecord) {
    let now = Date.now
    warnOnFailure(of: "metrics.jsonl") { try metrics.append(MetricsLine(record, time: now)) }
    warnOnFailure(of: TensorBoardLog.folder) { try tensorBoard.add(record, time: now.timeIntervalSince1970) }
    warnOnFailure(of: "summary.csv") {
      switch record {
      case let record as EpochRecord: try table.add(record)
      case let record as TestRecord: try table.complete(with: record)
      case let record as EvaluationRecord: try table.complete(with: record)
      default: break
      }
    }
  }

  /// Appends plots to TensorBoard's event file.
  package func add(_ figures: [(tag: String, value: TensorBoardWriter.Value)], step: Int) {
    warnOnFailure(of: TensorBoardLog.folder) {
      try tensorBoard.add(figures, step: step, time: Date.now.timeIntervalSince1970)
    }
  }

  /// Appends an image of some samples and their views to TensorBoard's event file.
  package func addViews(of configuration: Configuration, _ dataset: any ImageDataset) {
    warnOnFailure(of: "views") {
      let sheet = ViewSheet(
        viewSize: configuration.viewSize(of: dataset), augmentation: configuration.views.augmentation,
        views: min(configuration.views.count, Self.shownSamples), seed: configuration.compute.seed)
      let image = try sheet.image(of: dataset, samples: Self.shownSamples)
      let png = try image.pngBytes()
      add([("views", .image(png: png, width: image.width, height: image.height))], step: 0)
    }
  }

  /// Replaces the tables of TensorBoard's embedding projector.
  package func write(_ embeddings: [TensorBoardProjector.Embeddings]) {
    warnOnFailure(of: TensorBoardLog.folder) { try tensorBoard.write(embeddings) }
  }

  private func warnOnFailure(of file: String, _ write: () throws -> Void) {
    do {
      try write()
    } catch {
      if failedFiles.insert(file).inserted {
        report.warn("\(error); the run goes on")
      }
    }
  }
}
