/// The files of TensorBoard's embedding projector: tables of embeddings and of their metadata, and a configuration that
/// lists them.
public enum TensorBoardProjector {
  /// A named set of embeddings with metadata.
  public struct Embeddings: Sendable {
    /// The name of the set, which also determines the file names.
    public let name: String
    /// The number of elements of an embedding.
    public let width: Int
    /// The elements of the embeddings, `[rows, width]`.
    public let elements: [Float]
    /// The columns of metadata, each with a heading and one text per row.
    public let metadata: [(heading: String, values: [String])]

    /// Creates a set of embeddings.
    ///
    /// - Precondition: `elements` consists of complete rows, and every metadata column has one value per row.
    public init(name: String, width: Int, elements: [Float], metadata: [(heading: String, values: [String])]) {
      precondition(width > 0 && elements.count.isMultiple(of: width), "\(elements.count) elements in rows of \(width)")
      precondition(
        metadata.allSatisfy { column in column.values.count == elements.count / width }, "a value for each row")
      (self.name, self.width, self.elements, self.metadata) = (name, width, elements, metadata)
    }
  }

  /// Writes the tables of all sets and the configuration.
  ///
  /// - Parameters:
  ///   - sets: The sets, with different names.
  ///   - folder: The existing folder of the event files.
  /// - Throws: ``FileError`` if a file cannot be written.
  public static func write(_ sets: [Embeddings], to folder: String) throws(FileError) {
    for set in sets {
      let file = fileName(set.name)
      try writeRows(set, to: "\(folder)/\(file).tsv")
      try writeMetadata(set, to: "\(folder)/\(file)-metadata.tsv")
    }
    try writeConfiguration(of: sets.map(\.name), to: folder)
  }

  /// Returns the file name of a set's embeddings without `.tsv`; with `-metadata.tsv` it is the file of their metadata.
  public static func fileName(_ set: String) -> String {
    String(set.map { letter in letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-" })
  }

  /// Returns a text as it stands between the quotes of a protocol buffer in its text format.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in scalar == "\\" || scalar == "\"" ? "\\\(scalar)" : "\(scalar)" }.joined()
  }

  /// Writes the configuration that lists the tables of the given sets.
  ///
  /// - Throws: ``FileError`` if the file cannot be written.
  public static func writeConfiguration(of sets: [String], to folder: String) throws(FileError) {
    let entries = sets.map { set in
      """
      embeddings {
        tensor_name: "\(escaped(set))"
        tensor_path: "\(fileName(set)).tsv"
        metadata_path: "\(fileName(set))-metadata.tsv"
      }

      """
    }
    try AtomicFile.write(entries.joined(), to: "\(folder)/projector_config.pbtxt")
  }

  /// Returns a text as a table cell, with tabs and line breaks replaced by spaces.
  public static func cell(_ text: String) -> String {
    String(text.map { letter in "\t\n\r\r\n".contains(letter) ? " " : letter })
  }

  private static func writeRows(_ set: Embeddings, to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      for row in stride(from: 0, to: set.elements.count, by: set.width) {
        let numbers = set.elements[row..<row + set.width].map { number in "\(number)" }
        let line = numbers.joined(separator: "\t") + "\n"
        let bytes = Array(line.utf8)
        unsafe try file.append(bytes.span.bytes)
      }
    }
  }

  /// Writes the metadata table, with a heading line unless there is a single column, as TensorBoard requires.
  private static func writeMetadata(_ set: Embeddings, to path: String) throws(FileError) {
    var lines =
      set.metadata.count > 1 ? [set.metadata.map { column in cell(column.heading) }.joined(separator: "\t")] : []
    for row in 0..<set.elements.count / set.width {
      lines.append(set.metadata.map { column in cell(column.values[row]) }.joined(separator: "\t"))
    }
    try AtomicFile.write(lines.map { line in line + "\n" }.joined(), to: path)
  }
}
