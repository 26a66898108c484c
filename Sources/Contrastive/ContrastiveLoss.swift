import Dispatch
import MPI
import OneDNN

/// The Supervised Contrastive loss of a global batch whose rows lie on many ranks (Khosla and others 2020).
///
/// The plain one is L_out, equation 2:
///
///     L = (g/M) Σ_i [ ℓ_i − (1/|P(i)|) Σ_{p∈P(i)} s_ip ],   s_ij = z_i·z_j/τ,   ℓ_i = log Σ_{a≠i} e^{s_ia}
///
/// over the M anchors that have a positive. ``LossMode`` says what others there are. A step of every rank, all of it collective:
///
///     1. gather(embeddings)     all-gather of N·D numbers
///     2. losses(of:)            one pass over the tiles of this rank's rows; all-gather of ℓ, one number a row
///     3. gradients()            a second pass over the same tiles
///
/// By the symmetry s_ij = s_ji, a row's whole gradient, as anchor and as contrast of every other row, follows from the embeddings, the
/// classes and everybody's ℓ: no gradient is reduced over ranks, and no N×N matrix exists. Other modes gather up to three numbers a row
/// (``LossMode/numbersPerRow``), and with one positive in each denominator take a third pass.
public final class ContrastiveLoss<Scalar: LossScalar> {
  /// How the rows are cut.
  public let blocks: RowBlocks

  /// The length of a row.
  public let width: Int

  /// τ.
  public let temperature: Double

  /// g: what the mean is multiplied with.
  public let scale: Double

  /// Which loss it is.
  public let mode: LossMode

  /// Which rows are views of one sample.
  public let layout: ViewLayout

  /// All ranks' embeddings after ``gather(_:over:)``, `[rows, width]`.
  public private(set) var embeddings: [Scalar]

  /// L_i of this rank's rows after ``losses(of:over:)``; 0 for a row that is no anchor.
  public private(set) var anchorLosses: [Double] = []

  /// ``embeddings``, transposed for the products of ``ContrastiveTiles``.
  private var columns: [Scalar]
  private let threads: Int
  /// What the gradients need of every row, `[rows, mode.numbersPerRow]`: of the plain loss ℓ.
  private var rowStatistics: [Scalar]
  private var pairs: LossPairs
  /// Is told of every block, as the passes over a large batch take long.
  private var activity = Activity()

  /// Makes room for one global batch.
  ///
  /// - Parameters:
  ///   - blocks: How the rows are cut.
  ///   - width: The length of a row.
  ///   - temperature: τ.
  ///   - scale: g.
  ///   - mode: Which loss it is.
  ///   - layout: Which rows are views of one sample; `nil` if each row is a sample of its own.
  ///   - threads: How many threads of this rank share its anchor blocks.
  public init(
    blocks: RowBlocks, width: Int, temperature: Double, scale: Double = 1, mode: LossMode = LossMode(),
    layout: ViewLayout? = nil, threads: Int = 1
  ) {
    self.blocks = blocks
    self.width = width
    self.temperature = temperature
    self.scale = scale
    self.mode = mode
    self.layout = layout ?? ViewLayout(samplesPerGroup: blocks.rowCount, views: 1)
    self.threads = threads
    embeddings = Array(repeating: 0, count: blocks.rowCount * width)
    columns = unsafe Array(
      repeating: 0, count: ContrastiveTiles<Scalar>.columnElements(count: blocks.rowCount, width: width))
    rowStatistics = Array(repeating: 0, count: blocks.rowCount * mode.statisticsPerRow)
    pairs = LossPairs(RowClasses(labels: [Int]()), layout: self.layout, mode: mode)
  }

  /// Gathers the embeddings of all ranks.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - local: This rank's unit rows, `[local rows, width]`.
  ///   - world: The ranks.
  /// - Throws: `MPIError` if the gather fails.
  public func gather(_ local: Span<Scalar>, over world: borrowing Communicator) throws(MPIError) {
    let (count, width) = (blocks.rowCount, width)
    let counts = (0..<world.size).map { rank in blocks.rows(ofRank: rank).count * width }
    activity = world.activity
    try world.allGather(local, counts: counts, into: &embeddings)
    unsafe embeddings.withUnsafeBufferPointer { embeddings in
      unsafe columns.withUnsafeMutableBufferPointer { columns in
        guard let source = embeddings.baseAddress, let target = columns.baseAddress else { return }
        unsafe Scalar.transpose(source, count: count, width: width, into: target)
      }
    }
  }

  /// Each own shard's part of the loss: the sum over its anchors of g/M · L_i.
  ///
  /// Collective: the numbers of each row are gathered for ``gradients(ofRank:into:)``.
  ///
  /// - Parameters:
  ///   - classes: The classes of all rows; all views of a sample have one.
  ///   - world: The ranks.
  /// - Returns: One number for each shard of this rank; their sum over all shards is the loss. 0 if there is no anchor.
  /// - Throws: `MPIError` if the gather fails.
  public func losses(of classes: RowClasses, over world: borrowing Communicator) throws(MPIError) -> [Double] {
    precondition(classes.rowCount == blocks.rowCount, "\(classes.rowCount) labels for \(blocks.rowCount) rows")
    pairs = LossPairs(classes, layout: layout, mode: mode)
    let shards = blocks.shardRuns[world.rank]
    let localRows = blocks.rows(ofRank: world.rank)
    anchorLosses = Array(repeating: 0, count: localRows.count)
    guard pairs.anchorCount > 0 else { return Array(repeating: 0, count: shards.count) }
    let rowLosses = mode.isStandard ? [] : modeLosses(ofRank: world.rank)
    if mode.isStandard {
      unsafe forEachBlock(of: shards) { block, tiles, scratch, logSumExps in
        unsafe Scalar.logSumExps(tiles, rows: block, scratch: scratch, into: logSumExps)
      }
    }
    let (statisticsPerRow, rowCount) = (mode.statisticsPerRow, localRows.count)
    let local = Array(
      rowStatistics[localRows.lowerBound * statisticsPerRow..<(localRows.lowerBound + rowCount) * statisticsPerRow])
    try world.allGather(
      local.span, counts: (0..<world.size).map { rank in blocks.rows(ofRank: rank).count * statisticsPerRow },
      into: &rowStatistics)

    let positiveMeans =
      mode.isStandard
      ? unsafe withTiles { tiles, _ in
        unsafe Scalar.positiveMeans(tiles, rows: localRows, classSizes: classes.counts)
      } : []
    anchorLosses = localRows.enumerated().map { index, row in
      guard pairs.positiveCount(ofRow: row) > 0 else { return 0 }
      return mode.isStandard ? Double(rowStatistics[row]) - positiveMeans[index] / temperature : rowLosses[index]
    }
    let weight = scale / Double(pairs.anchorCount)
    return shards.map { shard in
      blocks.rows(ofShard: shard).reduce(0) { sum, row in sum + weight * anchorLosses[row - localRows.lowerBound] }
    }
  }

  /// L_i of this rank's rows in a mode that is not plain; their numbers go to ``rowStatistics``.
  private func modeLosses(ofRank rank: Int) -> [Double] {
    let localRows = blocks.rows(ofRank: rank)
    let positiveCounts = (0..<blocks.rowCount).map { row in Int32(pairs.positiveCount(ofRow: row)) }
    var losses = [Double](repeating: 0, count: localRows.count)
    unsafe positiveCounts.withUnsafeBufferPointer { positiveCounts in
      unsafe losses.withUnsafeMutableBufferPointer { losses in
        guard let counts = positiveCounts.baseAddress, let target = losses.baseAddress else { return }
        // Every block writes its own rows' losses.
        nonisolated(unsafe) let (sharedCounts, sharedTarget) = unsafe (counts, target)
        let firstRow = localRows.lowerBound
        unsafe forEachBlock(of: blocks.shardRuns[rank]) { block, tiles, scratch, numbers in
          unsafe Scalar.rowStatistics(
            tiles, rows: block, positiveCounts: sharedCounts, scratch: scratch, into: numbers,
            losses: sharedTarget + (block.lowerBound - firstRow))
        }
      }
    }
    return losses
  }

  /// The gradient of the loss with respect to this rank's rows, `[local rows, width]`, both roles included.
  ///
  /// Not collective; call ``losses(of:over:)`` before.
  ///
  /// - Parameters:
  ///   - rank: This rank.
  ///   - gradients: Receives the gradient.
  public func gradients(ofRank rank: Int, into gradients: inout MutableSpan<Scalar>) {
    let localRows = blocks.rows(ofRank: rank)
    precondition(
      gradients.count == localRows.count * width,
      "\(gradients.count) gradient elements for \(localRows.count) rows of \(width)")
    guard pairs.anchorCount > 0 else {
      for index in gradients.indices {
        gradients[index] = 0
      }
      return
    }
    let columns = weightColumns()
    unsafe columns.withUnsafeBufferPointer { columns in
      unsafe gradients.withUnsafeMutableBufferPointer { gradients in
        guard let first = columns.baseAddress, let target = gradients.baseAddress else { return }
        // Read by all threads; every block writes its own rows of the gradient.
        nonisolated(unsafe) let (sharedColumns, sharedTarget) = unsafe (first, target)
        let (width, count, firstRow) = (width, blocks.rowCount, localRows.lowerBound)
        unsafe forEachBlock(of: blocks.shardRuns[rank]) { block, tiles, scratch, _ in
          unsafe Scalar.gradients(
            tiles, rows: block,
            weights: RowWeights(
              logSumExps: sharedColumns, anchor: sharedColumns + count, positive: sharedColumns + 2 * count,
              positiveLogSums: sharedColumns + 3 * count),
            scratch: scratch, into: sharedTarget + (block.lowerBound - firstRow) * width)
        }
      }
    }
  }

  /// d, a, the positives' weights and q of all rows, one after the other (``RowWeights``).
  private func weightColumns() -> [Scalar] {
    let count = blocks.rowCount
    let weight = scale / Double(pairs.anchorCount)
    var columns = [Scalar](repeating: 0, count: 4 * count)
    for row in 0..<count {
      let positives = pairs.positiveCount(ofRow: row)
      let numbers = row * mode.statisticsPerRow
      columns[row] = rowStatistics[numbers]
      columns[3 * count + row] = mode.summation == .inside ? rowStatistics[numbers + 1] : 0
      guard positives > 0 else { continue }
      let share = mode.denominator == .onePositive ? Double(rowStatistics[numbers + mode.statisticsPerRow - 1]) : 1
      columns[count + row] = Scalar(weight * share)
      columns[2 * count + row] = Scalar(mode.summation == .inside ? weight : weight / Double(positives))
    }
    return columns
  }

  /// Runs `body` for every anchor block of some shards, on this rank's threads, each with scratch memory of its own.
  private func forEachBlock(
    of shards: Range<Int>,
    _ body:
      @Sendable (
        _ block: Range<Int>, _ tiles: ContrastiveTiles<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>,
        _ rowStatistics: UnsafeMutablePointer<Scalar>
      ) -> Void
  ) {
    let allBlocks = shards.flatMap { shard in
      unsafe blocks.blocks(ofShard: shard, limit: ContrastiveTiles<Scalar>.rowsPerBlock)
    }
    let workers = min(threads, max(allBlocks.count, 1))
    let activity = activity
    unsafe withTiles { tiles, rowStatistics in
      // The tiles are only read; every block writes its own rows.
      nonisolated(unsafe) let (sharedTiles, sharedTarget) = unsafe (tiles, rowStatistics)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        useOneThreadPerPrimitive()
        let scratchCount = unsafe ContrastiveTiles<Scalar>.scratchCount
        let scratch = UnsafeMutablePointer<Scalar>.allocate(capacity: scratchCount)
        defer { unsafe scratch.deallocate() }
        for index in stride(from: worker, to: allBlocks.count, by: workers) {
          unsafe body(allBlocks[index], sharedTiles, scratch, sharedTarget)
          activity.progressed()
        }
      }
    }
  }

  /// Lends the gathered batch, and the place of the rows' numbers.
  private func withTiles<Result>(
    _ body: (_ tiles: ContrastiveTiles<Scalar>, _ rowStatistics: UnsafeMutablePointer<Scalar>) -> Result
  ) -> Result {
    let (count, width, mode, inverseTemperature) = (blocks.rowCount, width, mode, Scalar(1 / temperature))
    let (classOfRow, sampleNumbers, keptSamples) = (pairs.classes.classOfRow, pairs.sampleNumbers, pairs.keptSamples)
    return unsafe embeddings.withUnsafeBufferPointer { embeddings in
      unsafe columns.withUnsafeBufferPointer { columns in
        unsafe classOfRow.withUnsafeBufferPointer { classOfRow in
          unsafe sampleNumbers.withUnsafeBufferPointer { sampleNumbers in
            unsafe rowStatistics.withUnsafeMutableBufferPointer { rowStatistics in
              guard let rows = embeddings.baseAddress, let columns = columns.baseAddress,
                let classNumbers = classOfRow.baseAddress, let samples = sampleNumbers.baseAddress,
                let target = rowStatistics.baseAddress
              else { preconditionFailure("a batch without rows") }
              let pairs = unsafe PairTable(classes: classNumbers, sampleNumbers: samples, keptSamples: keptSamples)
              let tiles = unsafe ContrastiveTiles(
                embeddings: rows, columns: columns, pairs: pairs, mode: mode, count: count, width: width,
                inverseTemperature: inverseTemperature)
              return unsafe body(tiles, target)
            }
          }
        }
      }
    }
  }
}
