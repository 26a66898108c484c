/// The arithmetic on tiles of the similarity matrix, and on lines (rows of a tile), in one floating-point type.
///
/// `Float` and `Double` share ``ContrastiveTiles`` and the strategies, but not the matrix products and the loops over a
/// line: oneDNN and the target `Kernels` for `Float`, plain Swift for `Double`, so that each checks the other.
protocol TileArithmetic: LossScalar {
  // MARK: Matrix products of a whole tile

  /// Computes tile ← scale · rows · columns, where the rows of `columns` are `columnStride` elements apart.
  @unsafe static func similarities(
    rows: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnStride: Int, columnCount: Int,
    width: Int, scale: Self, into tile: UnsafeMutablePointer<Self>)

  /// Computes sums ← scale · tile · columns, added to the previous sums unless `isFirst`.
  @unsafe static func accumulate(
    tile: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnCount: Int, width: Int, scale: Self,
    isFirst: Bool, into sums: UnsafeMutablePointer<Self>)

  // MARK: Loops over a line of a tile

  /// Returns the largest of the elements and `least`; NaN is ignored here, because it appears in the sum of
  /// exponentials.
  @unsafe static func largest(_ line: UnsafePointer<Self>, count: Int, atLeast least: Self) -> Self

  /// Returns Σ e^(x − shift) over elements x, none of which is larger than `shift`.
  @unsafe static func exponentialSum(_ line: UnsafePointer<Self>, count: Int, minus shift: Self) -> Double

  /// Replaces the similarities s_ij of one row i by the gradient factors G_ij + G_ji of ``StandardLoss``.
  @unsafe static func pairFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>)

  /// Replaces the similarities s_ij of one row i by the gradient factors G_ij + G_ji of ``GeneralLoss``.
  @unsafe static func generalFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>,
    variant: LossVariant)

  /// Copies the similarities of one row to the selected columns, and −∞ for all others; a row is its own positive.
  @unsafe static func select(
    _ selection: PairSelection, of line: UnsafePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Self>)

  /// Computes line ← log σ(x − shift) and complements ← log σ(shift − x), plus log σ(x − shift) if `isProduct`.
  ///
  /// Elements of −∞ stay −∞ in both.
  @unsafe static func logSigmoids(
    _ line: UnsafeMutablePointer<Self>, count: Int, minus shift: Self, isProduct: Bool,
    complements: UnsafeMutablePointer<Self>)

  /// Returns the sum of the elements other than −∞.
  @unsafe static func finiteSum(_ line: UnsafePointer<Self>, count: Int) -> Double
}
