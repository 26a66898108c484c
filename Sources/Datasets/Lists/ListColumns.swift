import Formats
import ImageCodecs

/// The positions of path, label and split in the records of a label list.
struct ListColumns: Equatable {
  let path: Int
  let label: Int
  /// The columns of the split.
  let splits: SplitColumns
  /// True if the first record is a header.
  let hasHeader: Bool
  /// The names of the columns that are not used.
  let unused: [String]

  private static let pathHeaders: Set<String> = [
    "path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img", "name", "id",
  ]
  private static let labelHeaders: Set<String> = ["label", "class", "class_name", "category", "target", "labels", "y"]
  /// The number of records by which columns without a header are told apart.
  private static let sampledCount = 100

  /// Finds the columns by the names in a header or, without one, by what the columns hold.
  ///
  /// - Parameters:
  ///   - records: The records of the list, at least one.
  ///   - isFile: Returns true if a field is the path of a file, perhaps but for its ending.
  /// - Throws: `ListColumns.Problem` if the columns cannot be told apart, or the header lacks a name.
  init(_ records: [CSVRecords.Record], isFile: (String) -> Bool) throws(Problem) {
    let first = records[0].fields.map(\.trimmed)
    let names = first.map { field in field.lowercased() }
    let namedPath = names.firstIndex(where: Self.pathHeaders.contains)
    let namedLabel = names.firstIndex(where: Self.labelHeaders.contains)
    if let path = namedPath, let label = namedLabel {
      (self.path, self.label, hasHeader) = (path, label, true)
      let others = first.indices.filter { column in column != path && column != label }
      splits = try SplitColumns(
        header: first, rows: others.isEmpty ? [] : records.dropFirst().map(\.fields),
        among: others)
      unused = others.filter { [splits] column in !splits.positions.contains(column) && !first[column].isEmpty }
        .map { column in first[column] }
      return
    }
    let rows = records.prefix(Self.sampledCount).map { record in record.fields.map(\.trimmed) }
      .filter { row in row.count == first.count }
    let images = Self.imageColumns(rows)
    let isHeader = !first.contains { field in Self.isImageName(field) || isFile(field) }
    if isHeader, namedPath != nil || namedLabel != nil {
      let lacking = namedPath == nil ? "paths, such as path or filename" : "labels, such as label or class"
      throw Problem("the header \(list(first)) names no column of \(lacking); expected path,label")
    }
    if isHeader, rows.count > 1, !Self.imageColumns(Array(rows.dropFirst())).isEmpty {
      throw Problem("the header \(list(first)) names no column of paths nor of labels; expected path,label")
    }
    guard images.count < 2 else {
      throw Problem(
        "the columns \(images.map { column in "\(column + 1)" }.joined(separator: " and ")) both name images; "
          + Self.advice(first, path: images[0]))
    }
    (hasHeader, unused) = (false, [])
    path = images.first ?? first.firstIndex(where: isFile) ?? 0
    let others = first.indices.filter { [path] column in column != path }
    guard others.count > 1 else {
      (label, splits) = (others.first ?? 1, SplitColumns(named: nil))
      try Self.checkLabels(records.lazy.compactMap { [label] record in record.fields.dropFirst(label).first?.trimmed })
      return
    }
    // The documented order: path, label, split.
    if path == 0, others.count == 2 {
      (label, splits) = (1, SplitColumns(named: 2))
      return
    }
    let named = others.filter { column in
      rows.allSatisfy { row in row[column].isEmpty || SplitName(row[column]) != nil }
    }
    guard others.count == 2, named.count == 1, let other = others.first(where: { column in column != named[0] })
    else {
      throw Problem(
        "\(first.count) columns without a header (\(list(first))), of which several may be the label; "
          + Self.advice(first, path: path))
    }
    (label, splits) = (other, SplitColumns(named: named[0]))
  }

  /// Throws if all labels of a list without a header are names of splits.
  private static func checkLabels(_ labels: some Collection<String>) throws(Problem) {
    guard labels.allSatisfy({ label in SplitName(label)?.isExact == true }), !labels.isEmpty else { return }
    throw Problem(
      "the labels are names of splits (\(list(Set(labels).sorted()))); expected path,label,split; if they are classes, write a first line path,label"
    )
  }

  /// Returns the columns of which most fields end as the names of images do.
  private static func imageColumns(_ rows: [[String]]) -> [Int] {
    (rows.first ?? []).indices.filter { column in 2 * rows.count { row in isImageName(row[column]) } > rows.count }
  }

  private static func isImageName(_ field: String) -> Bool {
    guard let dot = field.lastIndex(of: "."), dot != field.startIndex else { return false }
    switch ImageFileKind(ending: field[field.index(after: dot)...].lowercased()) {
    case .decodable, .missingLibrary, .unsupported: return true
    case .other, nil: return false
    }
  }

  /// Returns the advice to write a header, with one that fits the columns.
  private static func advice(_ fields: [String], path: Int) -> String {
    let label = fields.indices.last { column in column != path } ?? 0
    let names = fields.indices.map { column in
      column == path ? "path" : column == label ? "label" : "other\(column + 1)"
    }
    return "write a first line that names them, such as \(names.joined(separator: ","))"
  }

  /// The words of an error about the first line.
  struct Problem: Error {
    let text: String

    init(_ text: String) {
      self.text = text
    }
  }
}
