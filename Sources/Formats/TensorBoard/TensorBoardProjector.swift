/// The files of TensorBoard's projector: embeddings and their labels as tables, and a configuration that names them.
public enum TensorBoardProjector {
  /// A set of embeddings.
  public struct Embeddings: Sendable {
    /// The name, which is that of the files too.
    public let name: String
    /// The number of columns.
    public let width: Int
    /// The elements, row by row.
    public let elements: [Float]
    /// The columns of metadata: a heading and a text for each row.
    public let metadata: [(heading: String, values: [String])]

    /// A set of embeddings.
    ///
    /// - Precondition: Whole rows, and a value for each of them in every column of metadata.
    public init(name: String, width: Int, elements: [Float], metadata: [(heading: String, values: [String])]) {
      precondition(width > 0 && elements.count.isMultiple(of: width), "\(elements.count) elements in rows of \(width)")
      precondition(
        metadata.allSatisfy { column in column.values.count == elements.count / width }, "a value for each row")
      (self.name, self.width, self.elements, self.metadata) = (name, width, elements, metadata)
    }
  }

  /// Writes the tables of all sets, then the configuration.
  ///
  /// - Parameters:
  ///   - sets: The sets, with names that differ.
  ///   - folder: The folder of the event files, which exists.
  /// - Throws: ``FileError``.
  public static func write(_ sets: [Embeddings], to folder: String) throws(FileError) {
    for set in sets {
      let file = fileName(set.name)
      try writeRows(set, to: "\(folder)/\(file).tsv")
      try writeMetadata(set, to: "\(folder)/\(file)-metadata.tsv")
    }
    try writeConfiguration(of: sets.map(\.name), to: folder)
  }

  /// The name of a set's table of rows, without `.tsv`; that of its metadata ends with `-metadata.tsv`.
  public static func fileName(_ set: String) -> String {
    String(set.map { letter in letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-" })
  }

  /// Writes the configuration that names the tables of some sets.
  ///
  /// - Throws: ``FileError``.
  public static func writeConfiguration(of sets: [String], to folder: String) throws(FileError) {
    let entries = sets.map { set in
      """
      embeddings {
        tensor_name: "\(set.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))"
        tensor_path: "\(fileName(set)).tsv"
        metadata_path: "\(fileName(set))-metadata.tsv"
      }

      """
    }
    try AtomicFile.write(entries.joined(), to: "\(folder)/projector_config.pbtxt")
  }

  /// A cell of a table: tabs and ends of lines are spaces.
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

  /// A single column has no heading line, by TensorBoard's rule.
  private static func writeMetadata(_ set: Embeddings, to path: String) throws(FileError) {
    var lines =
      set.metadata.count > 1 ? [set.metadata.map { column in cell(column.heading) }.joined(separator: "\t")] : []
    for row in 0..<set.elements.count / set.width {
      lines.append(set.metadata.map { column in cell(column.values[row]) }.joined(separator: "\t"))
    }
    try AtomicFile.write(lines.map { line in line + "\n" }.joined(), to: path)
  }
}
