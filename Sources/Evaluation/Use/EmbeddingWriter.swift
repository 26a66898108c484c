import Formats
import Measures
import Runs

/// A writer of the output files of `supcon embed`, which get their final names together at the end.
final class EmbeddingWriter {
  /// The sample to which a row of features belongs.
  struct Sample {
    /// The sample's index in the dataset, or in the list of files.
    let number: Int
    let name: String
    /// The label of the sample; `nil` for image files.
    let label: Int?
  }

  private let request: EmbeddingStage.Request
  private let classNames: [String]
  private let width: Int
  private var array: NumPyRows
  private var labels: NumPyRows?
  private var table: AtomicFile?
  private var projectorRows: AtomicFile?
  private var projectorMetadata: AtomicFile?

  /// The file name prefix of the embedding projector's files.
  private static let projectorSet = "embeddings"

  /// Creates all output files under temporary names.
  ///
  /// - Parameters:
  ///   - request: The paths of the output files.
  ///   - width: The number of elements of a row.
  ///   - limit: The largest number of rows that may be appended.
  ///   - classNames: The names of the classes, indexed by label.
  /// - Throws: ``FileError`` or ``RunError`` if a file cannot be created.
  init(_ request: EmbeddingStage.Request, width: Int, limit: Int, classNames: [String]) throws {
    self.request = request
    self.width = width
    self.classNames = classNames
    array = try NumPyRows(path: request.output, elementType: "<f4", rowShape: [width], limit: limit)
    if let path = request.labels {
      labels = try NumPyRows(path: path, elementType: "<i8", rowShape: [], limit: limit)
    }
    if let path = request.table {
      table = try AtomicFile(path: path)
      try Self.append("row,sample,name,label,class\n", to: &table)
    }
    if let folder = request.projector {
      try OutputFolder.create(folder, option: "--projector")
      let file = "\(folder)/\(TensorBoardProjector.fileName(Self.projectorSet))"
      projectorRows = try AtomicFile(path: "\(file).tsv")
      projectorMetadata = try AtomicFile(path: "\(file)-metadata.tsv")
      try Self.append("sample\tname\tclass\n", to: &projectorMetadata)
    }
  }

  /// Appends rows of features, `[samples, width]`, with their samples.
  ///
  /// - Throws: ``FileError`` if a file cannot be written.
  func append(_ rows: [Float], _ samples: [Sample]) throws(FileError) {
    precondition(rows.count == samples.count * width, "\(rows.count) elements for \(samples.count) rows of \(width)")
    let first = array.count
    unsafe try array.append(rows.span.bytes, rows: samples.count)
    let numbers = samples.map { sample in Int64(sample.label ?? -1) }
    unsafe try labels?.append(numbers.span.bytes, rows: samples.count)
    if request.table != nil {
      let lines = samples.enumerated().map { index, sample in
        "\(first + index),\(sample.number),\(CSV.field(sample.name)),"
          + (sample.label.map { label in "\(label),\(CSV.field(classNames[label]))" } ?? ",") + "\n"
      }
      try Self.append(lines.joined(), to: &table)
    }
    guard request.projector != nil else { return }
    for (index, sample) in samples.enumerated() {
      let elements = rows[index * width..<(index + 1) * width].map { element in "\(element)" }
      try Self.append(elements.joined(separator: "\t") + "\n", to: &projectorRows)
      let cells = ["\(sample.number)", sample.name, sample.label.map { label in classNames[label] } ?? ""]
      try Self.append(
        cells.map(TensorBoardProjector.cell).joined(separator: "\t") + "\n", to: &projectorMetadata)
    }
  }

  /// Completes all files and renames them to their final names.
  ///
  /// - Returns: The number of rows written.
  /// - Throws: ``FileError`` if a file cannot be written.
  func publish() throws(FileError) -> Int {
    try array.publish()
    try labels?.publish()
    try table?.publish()
    try projectorRows?.publish()
    try projectorMetadata?.publish()
    if let folder = request.projector {
      try TensorBoardProjector.writeConfiguration(of: [Self.projectorSet], to: folder)
    }
    return array.count
  }

  private static func append(_ text: String, to file: inout AtomicFile?) throws(FileError) {
    let bytes = Array(text.utf8)
    unsafe try file?.append(bytes.span.bytes)
  }
}
