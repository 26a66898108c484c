import Formats
import Runs

/// The run's TensorBoard event files: the numbers in the records of `metrics.jsonl` as scalars, and the plots of
/// evaluations.
///
/// The tag of a scalar consists of the record's kind and the field's name, for example `step/loss` or `epoch/loss`.
/// Each start of the program writes a new file, which begins at the first step computed.
final class TensorBoardLog {
  /// The name of the folder in the run directory.
  static let folder = "tensorboard"

  private let directory: RunDirectory
  private var writer: TensorBoardWriter?
  /// The first step of the next event file.
  private var firstStep: Int

  /// Creates a log that begins with `firstStep`; events of this and later steps in the folder's older files become
  /// invalid.
  init(_ directory: RunDirectory, firstStep: Int) {
    self.directory = directory
    self.firstStep = firstStep
  }

  /// Appends the numbers of a record as scalars.
  ///
  /// - Throws: The errors of ``add(_:step:time:)``.
  func add<Record: MetricsRecord>(_ record: Record, time: Double) throws {
    try add(
      record.curves.map { name, number in ("\(Record.kind)/\(name)", .scalar(Float(number))) }, step: record.step,
      time: time)
  }

  /// Appends an event.
  ///
  /// - Parameters:
  ///   - values: The values by tag.
  ///   - step: The training step.
  ///   - time: The time in seconds since 1970.
  /// - Throws: ``FileError`` or ``RunError`` if the folder or file cannot be created or written; the next event then
  ///   begins a new file.
  func add(_ values: [(tag: String, value: TensorBoardWriter.Value)], step: Int, time: Double) throws {
    do {
      if writer == nil {
        writer = try TensorBoardWriter(folder: makeFolder(), firstStep: firstStep, time: time)
      }
      try writer?.add(values, step: step, time: time)
      firstStep = step + 1
    } catch {
      // Readers stop at a truncated event, so the following events need a new file.
      writer = nil
      firstStep = step + 1
      throw error
    }
  }

  /// Replaces the tables of the embedding projector.
  ///
  /// - Throws: ``FileError`` or ``RunError`` if the folder or a file cannot be written.
  func write(_ embeddings: [TensorBoardProjector.Embeddings]) throws {
    try TensorBoardProjector.write(embeddings, to: makeFolder())
  }

  private func makeFolder() throws -> String {
    try directory.createFolder(Self.folder)
    return "\(directory.path)/\(Self.folder)"
  }
}
