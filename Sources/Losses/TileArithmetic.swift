/// The arithmetic on tiles and lines of tiles, by scalar type.
///
/// `Float` and `Double` share ``ContrastiveTiles`` and the strategies. The products and the loops over a line differ: oneDNN and `Kernels` for
/// `Float`, plain Swift for `Double`, so that each checks the other.
protocol TileArithmetic: LossScalar {
  // MARK: Products, the size of a tile

  /// tile ← scale · rows · columns, the columns' elements `columnStride` apart.
  @unsafe static func similarities(
    rows: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnStride: Int, columnCount: Int,
    width: Int, scale: Self, into tile: UnsafeMutablePointer<Self>)

  /// sums ← scale · tile · columns, added to what they were unless `isFirst`.
  @unsafe static func accumulate(
    tile: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnCount: Int, width: Int, scale: Self,
    isFirst: Bool, into sums: UnsafeMutablePointer<Self>)

  // MARK: Loops over a line of a tile

  /// The largest of the elements and `least`; NaN is passed over, as it comes through in the sum of exponentials.
  @unsafe static func largest(_ line: UnsafePointer<Self>, count: Int, atLeast least: Self) -> Self

  /// Σ e^(x − shift) over elements none of which is larger than `shift`.
  @unsafe static func exponentialSum(_ line: UnsafePointer<Self>, count: Int, minus shift: Self) -> Double

  /// The factors of ``StandardLoss``, in place of the similarities of one row.
  @unsafe static func pairFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>)

  /// The factors of ``ModeLoss``, in place of the similarities of one row.
  @unsafe static func modeFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>,
    mode: LossMode)

  /// selected ← the similarities of a row to the selected columns, −∞ for all others; the row itself counts as its positive.
  @unsafe static func select(
    _ selection: PairSelection, of line: UnsafePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Self>)

  /// line ← log σ(x − shift), complements ← log σ(shift − x), plus log σ(x − shift) if `isProduct`; −∞ stays −∞ in both.
  @unsafe static func logSigmoids(
    _ line: UnsafeMutablePointer<Self>, count: Int, minus shift: Self, isProduct: Bool,
    complements: UnsafeMutablePointer<Self>)

  /// The sum of the elements other than −∞.
  @unsafe static func finiteSum(_ line: UnsafePointer<Self>, count: Int) -> Double
}
