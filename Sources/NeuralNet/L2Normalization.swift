/// The scaling of rows to Euclidean length 1: z = u / ‖u‖.
public enum L2Normalization {
  /// The lower limit of the length that a row is divided by, as in PyTorch's `F.normalize`.
  static let minimumLength: Float = 1e-12

  /// Scales rows to unit length, for training.
  ///
  /// - Parameters:
  ///   - rows: The rows, `[rows, width]`.
  ///   - width: The number of elements of a row.
  ///   - unitRows: Receives the scaled rows.
  ///   - lengths: Receives the lengths that were divided by, `[rows]`.
  public static func forward(
    _ rows: Span<Float>, width: Int, into unitRows: inout MutableSpan<Float>, lengths: inout MutableSpan<Float>
  ) {
    for row in 0..<rows.count / width {
      let elements = row * width..<(row + 1) * width
      let length = divisor(of: rows, elements)
      lengths[row] = length
      for index in elements {
        unitRows[index] = rows[index] / length
      }
    }
  }

  /// Scales rows to unit length in place.
  ///
  /// - Parameters:
  ///   - rows: The rows, `[rows, width]`.
  ///   - width: The number of elements of a row.
  public static func scale(_ rows: inout [Float], width: Int) {
    for row in 0..<rows.count / width {
      let elements = row * width..<(row + 1) * width
      let length = divisor(of: rows.span, elements)
      for index in elements {
        rows[index] /= length
      }
    }
  }

  private static func divisor(of rows: Span<Float>, _ elements: Range<Int>) -> Float {
    var sumOfSquares = 0.0
    for index in elements {
      sumOfSquares += Double(rows[index]) * Double(rows[index])
    }
    return max(Float(sumOfSquares.squareRoot()), minimumLength)
  }

  /// Computes ∂L/∂u = (∂L/∂z − (z·∂L/∂z) z) / ‖u‖ (Khosla and others 2020, equation 17); for a row that was divided by
  /// the constant 10⁻¹² instead of a smaller ‖u‖, ∂L/∂u = (∂L/∂z) / 10⁻¹².
  ///
  /// - Parameters:
  ///   - unitRows: The scaled rows z of the forward pass.
  ///   - lengths: The lengths ‖u‖ of the forward pass.
  ///   - gradient: On entry ∂L/∂z, on return ∂L/∂u.
  ///   - width: The number of elements of a row.
  public static func backward(
    unitRows: Span<Float>, lengths: Span<Float>, gradient: inout MutableSpan<Float>, width: Int
  ) {
    for row in lengths.indices {
      let elements = row * width..<(row + 1) * width
      var product = 0.0
      // A row that was divided by the limit has a constant divisor: the second term of the formula is 0.
      if lengths[row] > minimumLength {
        for index in elements {
          product += Double(unitRows[index]) * Double(gradient[index])
        }
      }
      for index in elements {
        gradient[index] = (gradient[index] - Float(product) * unitRows[index]) / lengths[row]
      }
    }
  }
}
