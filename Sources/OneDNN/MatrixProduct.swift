import COneDNN

/// The transposition of a matrix operand.
public enum Transposition: Sendable {
  /// The matrix as stored.
  case none
  /// The transposed matrix.
  case transposed

  var letter: CChar {
    switch self {
    case .none: CChar(UInt8(ascii: "N"))
    case .transposed: CChar(UInt8(ascii: "T"))
    }
  }
}

/// Computes C ← alpha · op(A) · op(B) + beta · C for row-major float32 matrices (`dnnl_sgemm`) on the calling thread.
///
/// - Parameters:
///   - rows: The number of rows of op(A) and C.
///   - columns: The number of columns of op(B) and C.
///   - depth: The number of columns of op(A) and rows of op(B).
///   - alpha: The factor of the product.
///   - a: The matrix A; op(A) is `rows` × `depth`.
///   - aStride: The distance in elements between rows of A as stored.
///   - aTransposition: The operation op on A.
///   - b: The matrix B; op(B) is `depth` × `columns`.
///   - bStride: The distance in elements between rows of B as stored.
///   - bTransposition: The operation op on B.
///   - beta: The factor of C's previous value.
///   - c: The matrix C, `rows` × `columns`.
///   - cStride: The distance in elements between rows of C.
/// - Throws: `DNNLError` if `dnnl_sgemm` fails.
@unsafe public func multiply(
  rows: Int, columns: Int, depth: Int, alpha: Float = 1,
  _ a: UnsafePointer<Float>, stride aStride: Int, _ aTransposition: Transposition = .none,
  _ b: UnsafePointer<Float>, stride bStride: Int, _ bTransposition: Transposition = .none,
  beta: Float = 0, into c: UnsafeMutablePointer<Float>, stride cStride: Int
) throws(DNNLError) {
  if rows == 0 || columns == 0 {
    return
  }
  try check(
    "dnnl_sgemm",
    unsafe dnnl_sgemm(
      aTransposition.letter, bTransposition.letter, Int64(rows), Int64(columns), Int64(depth), alpha, a, Int64(aStride),
      b, Int64(bStride), beta, c, Int64(cStride)))
}

extension MutableSpan<Float> {
  /// Sets this matrix to op(a) · op(b) + beta · itself, all row-major without gaps, computed on the calling thread.
  ///
  /// - Parameters:
  ///   - rows: The number of rows of op(a) and of the result.
  ///   - columns: The number of columns of op(b) and of the result.
  ///   - depth: The number of columns of op(a) and rows of op(b).
  ///   - a: The matrix a; op(a) is `[rows, depth]`.
  ///   - aTransposition: The operation op on `a`.
  ///   - b: The matrix b; op(b) is `[depth, columns]`.
  ///   - bTransposition: The operation op on `b`.
  ///   - beta: The factor of the previous value.
  /// - Throws: `DNNLError` if `dnnl_sgemm` fails.
  public mutating func product(
    rows: Int, columns: Int, depth: Int, _ a: Span<Float>, _ aTransposition: Transposition, _ b: Span<Float>,
    _ bTransposition: Transposition, beta: Float = 0
  ) throws(DNNLError) {
    precondition(
      a.count == rows * depth && b.count == depth * columns && count == rows * columns,
      "[\(rows), \(depth)] · [\(depth), \(columns)] with \(a.count), \(b.count) and \(count) elements")
    try unsafe a.withUnsafeBufferPointer { (a) throws(DNNLError) in
      try unsafe b.withUnsafeBufferPointer { (b) throws(DNNLError) in
        try unsafe self.withUnsafeMutableBufferPointer { (c) throws(DNNLError) in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          try unsafe multiply(
            rows: rows, columns: columns, depth: depth, a, stride: aTransposition == .none ? depth : rows,
            aTransposition, b, stride: bTransposition == .none ? columns : depth, bTransposition, beta: beta, into: c,
            stride: columns)
        }
      }
    }
  }
}
