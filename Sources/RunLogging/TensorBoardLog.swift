import Formats
import Runs

/// The run's TensorBoard event files: the numbers of every row of `metrics.jsonl` as scalars, and the figures of evaluations.
///
/// The tag of a scalar is the kind of the row and the name of the field, for example `step/loss` or `epoch/loss`. Each invocation of a
/// run writes a file of its own, which begins at its first step.
final class TensorBoardLog {
  /// The name of the folder in the run directory.
  static let folder = "tensorboard"

  private let directory: RunDirectory
  private var writer: TensorBoardWriter?
  /// The first step of the next file.
  private var firstStep: Int

  /// A log that begins with `firstStep`; events of this and later steps in the folder's older files are superseded.
  init(_ directory: RunDirectory, firstStep: Int) {
    self.directory = directory
    self.firstStep = firstStep
  }

  /// Appends the curves of a record.
  ///
  /// - Throws: As ``add(_:step:time:)``.
  func add<Record: MetricsRecord>(_ record: Record, time: Double) throws {
    try add(
      record.curves.map { name, number in ("\(Record.kind)/\(name)", .scalar(Float(number))) }, step: record.step,
      time: time)
  }

  /// Appends an event.
  ///
  /// - Parameters:
  ///   - values: The values by their tags.
  ///   - step: The step of training.
  ///   - time: Seconds since 1970.
  /// - Throws: ``FileError`` or ``RunError`` if the folder or file cannot be created or written to; the next event begins a new file.
  func add(_ values: [(tag: String, value: TensorBoardWriter.Value)], step: Int, time: Double) throws {
    do {
      if writer == nil {
        writer = try TensorBoardWriter(folder: makeFolder(), firstStep: firstStep, time: time)
      }
      try writer?.add(values, step: step, time: time)
      firstStep = step + 1
    } catch {
      // Readers stop at a truncated event: what follows it needs another file.
      writer = nil
      firstStep = step + 1
      throw error
    }
  }

  /// Replaces the tables of the projector.
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
