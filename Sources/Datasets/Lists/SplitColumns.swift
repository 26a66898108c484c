import Formats

/// The columns of a label list that say to which split an image belongs: one with names of splits, or flags such as
/// `is_valid`.
struct SplitColumns: Equatable {
  /// A column of true and false.
  private struct Flag: Equatable {
    let column: Int
    /// The split of the images for which it is true.
    let split: Split
  }

  /// The position of the column with names of splits; `nil` if there is none.
  private let named: Int?
  private let flags: [Flag]

  private static let headers: Set<String> = ["split", "set", "subset", "partition", "fold"]
  /// The headers that are also those of other properties, so that the values decide.
  private static let vagueHeaders: Set<String> = ["phase", "usage", "mode", "dataset", "data_set", "type", "stage"]
  /// The words that may stand beside a split's name in the header of a flag, as in `in_test` or `use_for_training`.
  private static let flagWords: Set<String> = ["in", "for", "use", "used", "as", "set", "flag"]
  private static let truths = [
    "true": true, "yes": true, "1": true, "1.0": true, "t": true, "y": true,
    "false": false, "no": false, "0": false, "0.0": false, "f": false, "n": false,
  ]

  /// Creates a value for a list without a header.
  ///
  /// - Parameter named: The column with names of splits; `nil` if all images are training images.
  init(named: Int?) {
    (self.named, flags) = (named, [])
  }

  /// Finds the columns by the header and by what they hold.
  ///
  /// - Parameters:
  ///   - header: The names of all columns.
  ///   - rows: The fields of the images, as they are written.
  ///   - columns: The columns other than those of path and label.
  /// - Throws: `ListColumns.Problem` naming a column that may say the split, and what to write in its place.
  init(header: [String], rows: [[String]], among columns: [Int]) throws(ListColumns.Problem) {
    // Lists can have millions of rows: a column is read only to the first value that decides.
    func fields(_ column: Int) -> some Sequence<String> {
      rows.lazy.filter { row in row.count == header.count }.map { row in row[column].trimmed }
        .filter { field in !field.isEmpty }
    }
    func values(_ column: Int) -> Set<String> { Set(fields(column)) }
    func splits(_ column: Int) -> Set<Split>? {
      guard fields(column).allSatisfy({ field in SplitName(field) != nil && !ListColumns.isPath(field) }) else {
        return nil
      }
      return Set(values(column).compactMap { value in SplitName(value)?.split })
    }
    func isFlag(_ column: Int) -> Bool {
      fields(column).allSatisfy { field in Self.truths[field.lowercased()] != nil } && !values(column).isEmpty
    }
    named =
      columns.first { column in Self.headers.contains(header[column].lowercased()) }
      ?? columns.first { column in
        Self.vagueHeaders.contains(header[column].lowercased()) && splits(column)?.isEmpty == false
      }
    guard named == nil else {
      flags = []
      return
    }
    var flags: [Flag] = []
    for column in columns {
      let name = header[column]
      if name.lowercased().hasPrefix("is"), let split = SplitName(String(name.dropFirst(2)))?.split {
        guard isFlag(column) else {
          throw ListColumns.Problem(
            "the column '\(name)' holds \(list(values(column).sorted())); expected true or false")
        }
        flags.append(Flag(column: column, split: split))
      } else if let split = Self.flagged(name), isFlag(column) {
        throw ListColumns.Problem(
          "the column '\(name)' may say which images are \(split.title) images; write is_\(split.rawValue) in its place if so, else leave the column out"
        )
      }
    }
    if flags.isEmpty, let column = columns.first(where: { column in splits(column)?.count ?? 0 > 1 }) {
      throw ListColumns.Problem(
        "the column '\(header[column])' holds names of splits (\(list(values(column).sorted()))); write split in its place if it says the split, else leave the column out"
      )
    }
    self.flags = flags
  }

  /// Returns the split that a header means if its column is a flag: the header is a word for the split, alone or with
  /// words such as `in`; `nil` for other headers.
  private static func flagged(_ header: String) -> Split? {
    guard let name = SplitName(header) else { return nil }
    let words = SplitName.parts(of: header).filter { word in !flagWords.contains(word) }
    return name.isExact || words.count == 1 ? name.split : nil
  }

  /// The positions of the columns.
  var positions: [Int] { (named.map { column in [column] } ?? []) + flags.map(\.column) }

  /// Returns the split of an image; training if the columns say nothing.
  ///
  /// - Throws: `ListColumns.Problem` if they name no split, or several.
  func split(of fields: [String]) throws(ListColumns.Problem) -> Split {
    if let named {
      guard !fields[named].isEmpty else { return .train }
      guard let split = SplitName(fields[named])?.split else {
        throw ListColumns.Problem("has the split '\(fields[named])'; expected train, validation or test")
      }
      return split
    }
    let flagged = flags.map(\.split)
    let found = Set(flags.filter { flag in Self.truths[fields[flag.column].lowercased()] == true }.map(\.split))
    // Images that are not of the training set are those of the split that has no flag.
    let rest = flagged.contains(.train) ? [.test, .validation].first { split in !flagged.contains(split) } : .train
    guard found.count < 2, let split = found.first ?? rest else {
      throw ListColumns.Problem(
        "belongs to \(found.isEmpty ? "no split" : "several splits: \(list(found.map(\.title).sorted()))")")
    }
    return split
  }
}
