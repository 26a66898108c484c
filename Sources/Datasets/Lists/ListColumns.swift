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
  /// The headers of paths that are also those of other properties: taken only if no other column names files.
  private static let vaguePathHeaders: Set<String> = ["name", "id"]
  private static let labelHeaders: Set<String> = ["label", "class", "class_name", "category", "target", "labels", "y"]
  /// The number of records by which columns without a header are told apart.
  private static let sampledCount = 100

  /// Finds the columns by the names in a header or, without one, by what the columns hold.
  ///
  /// - Parameters:
  ///   - records: The records of the list, at least one.
  ///   - isFile: Returns true if a field is the path of a file, perhaps but for its ending.
  /// - Throws: `ListColumns.Problem` if the columns cannot be told apart, the header lacks a name, or several columns
  ///   may be the label.
  init(_ records: [CSVRecords.Record], isFile: (String) -> Bool) throws(Problem) {
    let first = records[0].fields.map(\.trimmed)
    let names = first.map { field in field.lowercased() }
    let namedPaths = names.indices.filter { column in Self.pathHeaders.contains(names[column]) }
    let namedLabels = Self.labelColumns(names)
    if !namedPaths.isEmpty, !namedLabels.isEmpty {
      let path = Self.pathColumn(among: namedPaths, names, records.dropFirst(), isFile: isFile)
      let label = try Self.labelColumn(among: namedLabels, first, records.dropFirst())
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
    if isHeader, !namedPaths.isEmpty || !namedLabels.isEmpty {
      let lacking = namedPaths.isEmpty ? "paths, such as path or filename" : "labels, such as label or class"
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

  /// Returns the column with the most names of images and existing files; of equal ones, and if there are none, the
  /// first.
  ///
  /// - Parameters:
  ///   - columns: The columns with a header of paths, at least one.
  ///   - names: The names of all columns, in lower case.
  ///   - records: The records of the images.
  ///   - isFile: Returns true if a field is the path of a file, perhaps but for its ending.
  /// - Returns: The column.
  private static func pathColumn(
    among columns: [Int], _ names: [String], _ records: ArraySlice<CSVRecords.Record>, isFile: (String) -> Bool
  ) -> Int {
    guard columns.count > 1 else { return columns[0] }
    let rows = records.prefix(sampledCount).map { record in record.fields.map(\.trimmed) }
      .filter { row in row.count == names.count }
    let clear = columns.filter { column in !vaguePathHeaders.contains(names[column]) }
    let vague = columns.filter { column in vaguePathHeaders.contains(names[column]) }
    for group in [clear, vague] {
      var best: Int?
      var bestScore = 0
      for column in group {
        let imageCount = rows.count { row in isImageName(row[column]) }
        let fileCount = rows.count { row in isFile(row[column]) }
        // A file counts more than a name, which may lack the folder of the file.
        let score = imageCount + 2 * fileCount
        if score > bestScore {
          best = column
          bestScore = score
        }
      }
      if let best { return best }
    }
    return clear.first ?? columns[0]
  }

  /// Returns the columns whose names are those of labels.
  ///
  /// - Parameter names: The names of all columns, in lower case.
  /// - Returns: The columns; no `y` beside an `x` or another column of labels.
  private static func labelColumns(_ names: [String]) -> [Int] {
    let columns = names.indices.filter { column in labelHeaders.contains(names[column]) }
    let clear = columns.filter { column in names[column] != "y" }
    guard clear.isEmpty else { return clear }
    // Beside an `x`, `y` is a coordinate.
    return names.contains("x") ? [] : columns
  }

  /// Returns the column of labels: of columns that group the images alike, the first with names in place of numbers.
  ///
  /// - Parameters:
  ///   - named: The columns with a header of labels, at least one; empty ones do not count.
  ///   - header: The names of all columns.
  ///   - records: The records of the images.
  /// - Returns: The column.
  /// - Throws: `ListColumns.Problem` naming two columns that group the images differently.
  private static func labelColumn(
    among named: [Int], _ header: [String], _ records: ArraySlice<CSVRecords.Record>
  ) throws(Problem) -> Int {
    guard named.count > 1 else { return named[0] }
    let rows = records.map(\.fields).filter { row in row.count == header.count }
    let columns = named.filter { column in rows.contains { row in !row[column].trimmed.isEmpty } }
    guard columns.count > 1 else { return columns.first ?? named[0] }
    if let other = columns.dropFirst().first(where: { column in !correspond(columns[0], column, in: rows) }) {
      throw Problem(
        "the columns '\(header[columns[0]])' and '\(header[other])' may both be the label; rename one of them, or leave one out"
      )
    }
    return columns.first { column in !rows.allSatisfy { row in Double(row[column].trimmed) != nil } } ?? columns[0]
  }

  /// Returns true if each value of one column goes with one value of the other, as the numbers and names of classes do.
  private static func correspond(_ one: Int, _ other: Int, in rows: [[String]]) -> Bool {
    var others: [String: String] = [:]
    var ones: [String: String] = [:]
    for row in rows {
      let (value, otherValue) = (row[one].trimmed, row[other].trimmed)
      guard others[value, default: otherValue] == otherValue, ones[otherValue, default: value] == value else {
        return false
      }
      others[value] = otherValue
      ones[otherValue] = value
    }
    return true
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

  /// Returns true if a field is the path or the name of an image, so that it names no split, even if it begins with
  /// `train/`.
  static func isPath(_ field: String) -> Bool { field.contains("/") || isImageName(field) }

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
