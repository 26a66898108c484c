import Formats
import Losses

/// The embeddings read from the input file, scaled to unit length for the computation of the loss.
struct InputEmbeddings<Scalar: LossScalar> {
  /// The rows, `[rows, width]`; of unit length after ``prepare(path:isNormalizing:tolerance:nameOfRow:)``.
  private(set) var unitRows: [Scalar]

  private let width: Int
  /// The length by which each row was divided; empty if the rows were not scaled.
  private var lengths: [Scalar] = []

  init(elements: [Scalar], width: Int) {
    unitRows = elements
    self.width = width
  }

  private var rowCount: Int { unitRows.count / width }

  /// Checks that all numbers are finite, and scales rows to unit length or checks that they have unit length.
  ///
  /// - Parameters:
  ///   - path: The path of the file, for messages.
  ///   - isNormalizing: True to scale, false to check.
  ///   - tolerance: The largest deviation from length 1.
  ///   - nameOfRow: Returns the name of a row of ``unitRows`` in the file, for messages.
  /// - Throws: `FileError` naming the faulty row.
  mutating func prepare(
    path: String, isNormalizing: Bool, tolerance: Double, nameOfRow: (Int) -> String
  ) throws(FileError) {
    for row in 0..<rowCount {
      let elements = row * width..<(row + 1) * width
      // Scaled by a power of two, so that no square overflows or underflows and no bit is lost.
      var scale = 1.0
      if let largest = unitRows[elements].map({ element in abs(Double(element)) }).max(), largest.isNormal {
        scale = Double(sign: .plus, exponent: largest.exponent, significand: 1)
      }
      var sumOfSquares = 0.0
      for index in elements {
        let element = Double(unitRows[index]) / scale
        sumOfSquares += element * element
      }
      let length = scale * sumOfSquares.squareRoot()
      guard length.isFinite else {
        throw FileError(.content, "\(path): \(nameOfRow(row)) holds a number that is not finite")
      }
      if isNormalizing {
        guard length > 0 else {
          throw FileError(.content, "\(path): \(nameOfRow(row)) is zero and has no direction to keep")
        }
        lengths.append(Scalar(length))
        for index in elements {
          unitRows[index] = Scalar(Double(unitRows[index]) / length)
        }
      } else if abs(length - 1) > tolerance {
        throw FileError(
          .content,
          "\(path): \(nameOfRow(row)) has length \(length), expected 1; normalize the rows, or give --normalize")
      }
    }
  }

  /// Converts the gradient with respect to rows of unit length to that with respect to the input rows: (∂L/∂z −
  /// (z·∂L/∂z) z) / ‖u‖.
  func chainThroughNormalization(_ gradient: inout [Scalar]) {
    for row in lengths.indices {
      let elements = row * width..<(row + 1) * width
      var product = 0.0
      for index in elements {
        product += Double(unitRows[index]) * Double(gradient[index])
      }
      for index in elements {
        gradient[index] = Scalar(
          (Double(gradient[index]) - product * Double(unitRows[index])) / Double(lengths[row]))
      }
    }
  }
}
