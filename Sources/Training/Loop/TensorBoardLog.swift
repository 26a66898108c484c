import Formats
import Runs

/// The run's TensorBoard event files: the numbers of every row of `metrics.jsonl` as scalars.
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

  /// Appends the floating-point fields of a row.
  ///
  /// - Parameters:
  ///   - kind: The kind of the row.
  ///   - fields: The fields; whole numbers, texts and objects are left out.
  ///   - step: The step of training.
  ///   - time: Seconds since 1970.
  /// - Throws: ``FileError`` or ``RunError`` if the folder or file cannot be created or written to; the next row begins a new file.
  func add(kind: String, _ fields: [String: JSONValue], step: Int, time: Double) throws {
    let numbers = fields.sorted { one, other in one.key < other.key }.compactMap { name, value in
      // The epoch is the step in other units.
      if case .number(let number) = value, name != "epoch" { (tag: "\(kind)/\(name)", number: number) } else { nil }
    }
    do {
      if writer == nil {
        try directory.createFolder(Self.folder)
        writer = try TensorBoardWriter(folder: "\(directory.path)/\(Self.folder)", firstStep: firstStep, time: time)
      }
      try writer?.add(
        numbers.map { tag, number in (tag, .scalar(Float(number))) }, step: step, time: time)
      firstStep = step + 1
    } catch {
      // Readers stop at a truncated event: what follows it needs another file.
      writer = nil
      firstStep = step + 1
      throw error
    }
  }
}
