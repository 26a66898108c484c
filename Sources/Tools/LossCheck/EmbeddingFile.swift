import Formats
import Losses

/// A `.npy` file of embeddings, `[rows, width]`, or `[samples, views, width]` as SupContrast's loss takes them.
///
/// Rows are numbered by view, as in training: view 0 of all samples, then view 1, and so on. A file with a dimension of
/// views has them by sample.
struct EmbeddingFile {
  /// The file.
  let file: NumPyFile
  /// The number of rows.
  let rowCount: Int
  /// The length of a row.
  let width: Int
  /// The size of the file's dimension of views; `nil` if it has none.
  let views: Int?

  /// Opens the file and checks its shape.
  ///
  /// - Throws: `FileError` naming the shape found.
  init(path: String) throws(FileError) {
    file = try NumPyFile(path: path)
    let shape = file.shape
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ size in size > 0 }), let width = shape.last else {
      throw FileError(
        .content, "\(path): expected an array [N, D] or [samples, views, D], found the shape \(shape)")
    }
    try file.requireFloatingPoint()
    self.width = width
    rowCount = shape.dropLast().reduce(1, *)
    views = shape.count == 3 ? shape[1] : nil
  }

  /// Reads some rows.
  ///
  /// - Parameters:
  ///   - rows: The numbers of the rows.
  ///   - read: Reads a range of the file's elements.
  /// - Returns: `[rows, width]`.
  /// - Throws: `FileError` if reading fails.
  func elements<Scalar: LossScalar>(
    ofRows rows: Range<Int>, _ read: (Range<Int>) throws(FileError) -> [Scalar]
  ) throws(FileError) -> [Scalar] {
    guard let views else { return try read(rows.lowerBound * width..<rows.upperBound * width) }
    var elements: [Scalar] = []
    elements.reserveCapacity(rows.count * width)
    for row in rows {
      let place = place(ofRow: row, views)
      elements += try read(place * width..<(place + 1) * width)
    }
    return elements
  }

  /// Returns the elements of all rows in the order of the file, from their order by view.
  func inFileOrder<Scalar: LossScalar>(_ elements: [Scalar]) -> [Scalar] {
    guard let views else { return elements }
    var result = elements
    for row in 0..<rowCount {
      let place = place(ofRow: row, views)
      result.replaceSubrange(place * width..<(place + 1) * width, with: elements[row * width..<(row + 1) * width])
    }
    return result
  }

  /// Returns the name of a row for messages, such as `row 41` or `sample 3, view 1`.
  func name(ofRow row: Int) -> String {
    views.map { views in "sample \(row % (rowCount / views)), view \(row / (rowCount / views))" } ?? "row \(row)"
  }

  /// Returns the position of a row in the file, in rows.
  private func place(ofRow row: Int, _ views: Int) -> Int {
    let samples = rowCount / views
    return row % samples * views + row / samples
  }
}
