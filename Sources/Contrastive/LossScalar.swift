import MPI

/// A type that the loss can be computed in: `Float` in training, `Double` to check it.
///
/// The two share ``ContrastiveTiles``. The products and the loops over a line of a tile differ: by oneDNN and the `Kernels` for `Float`,
/// plain Swift for `Double`, so that each checks the other.
public protocol LossScalar: BinaryFloatingPoint, Codable, TreeElement {
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

  /// The similarities s_ij of one row i become G_ij + G_ji of ``ContrastiveTiles/gradients(rows:weights:scratch:into:)``.
  ///
  /// The row's own column holds nothing of use afterwards.
  @unsafe static func pairFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>)

  /// The same in any mode of the loss.
  @unsafe static func modeFactors(
    _ line: UnsafeMutablePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable, weights: RowWeights<Self>,
    mode: LossMode)

  /// selected ← the similarities of a row to those columns that are meant, −∞ for all others; the row itself counts as its positive.
  @unsafe static func select(
    _ selection: PairSelection, of line: UnsafePointer<Self>, row: Int, columns: Range<Int>, pairs: PairTable,
    into selected: UnsafeMutablePointer<Self>)

  /// line ← log σ(x − shift), complements ← log σ(shift − x), plus log σ(x − shift) if `isProduct`; −∞ stays −∞ in both.
  @unsafe static func logSigmoids(
    _ line: UnsafeMutablePointer<Self>, count: Int, minus shift: Self, isProduct: Bool,
    complements: UnsafeMutablePointer<Self>)

  /// The sum of the elements other than −∞.
  @unsafe static func finiteSum(_ line: UnsafePointer<Self>, count: Int) -> Double

  // MARK: What reads all embeddings, compiled for the type itself

  /// ``ContrastiveTiles/transpose(_:count:width:into:)``.
  @unsafe static func transpose(
    _ embeddings: UnsafePointer<Self>, count: Int, width: Int, into columns: UnsafeMutablePointer<Self>)

  /// ``ContrastiveTiles/positiveMeans(rows:classSizes:)``.
  @unsafe static func positiveMeans(_ tiles: ContrastiveTiles<Self>, rows: Range<Int>, classSizes: [Int]) -> [Double]

  /// ``ContrastiveTiles/logSumExps(rows:scratch:into:)``.
  @unsafe static func logSumExps(
    _ tiles: ContrastiveTiles<Self>, rows: Range<Int>, scratch: UnsafeMutablePointer<Self>,
    into logSumExps: UnsafeMutablePointer<Self>)

  /// ``ContrastiveTiles/rowStatistics(rows:positiveCounts:scratch:into:losses:)``.
  @unsafe static func rowStatistics(
    _ tiles: ContrastiveTiles<Self>, rows: Range<Int>, positiveCounts: UnsafePointer<Int32>,
    scratch: UnsafeMutablePointer<Self>, into numbers: UnsafeMutablePointer<Self>, losses: UnsafeMutablePointer<Double>)

  /// ``ContrastiveTiles/gradients(rows:weights:scratch:into:)``.
  @unsafe static func gradients(
    _ tiles: ContrastiveTiles<Self>, rows: Range<Int>, weights: RowWeights<Self>, scratch: UnsafeMutablePointer<Self>,
    into gradients: UnsafeMutablePointer<Self>)
}
