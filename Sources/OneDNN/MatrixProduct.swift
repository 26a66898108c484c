import COneDNN

/// Whether a matrix is read as it lies or transposed.
public enum Transposition: Sendable {
  /// As it lies.
  case none
  /// Rows as columns.
  case transposed

  var letter: CChar {
    switch self {
    case .none: CChar(UInt8(ascii: "N"))
    case .transposed: CChar(UInt8(ascii: "T"))
    }
  }
}

/// C ← alpha · op(A) · op(B) + beta · C for row-major float32 matrices (`dnnl_sgemm`), on the calling thread.
///
/// - Parameters:
///   - rows: Rows of op(A) and C.
///   - columns: Columns of op(B) and C.
///   - depth: Columns of op(A), rows of op(B).
///   - alpha: The factor of the product.
///   - a: op(A) is `rows` × `depth`.
///   - aStride: The distance between rows of A as it lies.
///   - aTransposition: How A is read.
///   - b: op(B) is `depth` × `columns`.
///   - bStride: The distance between rows of B as it lies.
///   - bTransposition: How B is read.
///   - beta: The factor of what C holds before.
///   - c: `rows` × `columns`.
///   - cStride: The distance between rows of C.
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
