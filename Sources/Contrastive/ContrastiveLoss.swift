import Dispatch
import MPI
import OneDNN

/// The Supervised Contrastive loss L_out of a global batch whose rows lie on many ranks (Khosla and others 2020, equation 2).
///
///     L = (g/M) Σ_i [ ℓ_i − (1/|P(i)|) Σ_{p∈P(i)} s_ip ],   s_ij = z_i·z_j/τ,   ℓ_i = log Σ_{a≠i} e^{s_ia}
///
/// over the M rows that have a positive. A step of every rank, all of it collective:
///
///     1. gather(embeddings)     all-gather of N·D numbers
///     2. losses(of:)            one pass over the tiles of this rank's rows; all-gather of ℓ, one number a row
///     3. gradients()            a second pass over the same tiles
///
/// By the symmetry s_ij = s_ji, a row's whole gradient, as anchor and as contrast of every other row, follows from the embeddings, the
/// classes and everybody's ℓ: no gradient is reduced over ranks, and no N×N matrix exists.
public final class ContrastiveLoss<Scalar: LossScalar> {
  /// How the rows are cut.
  public let blocks: RowBlocks

  /// The length of a row.
  public let width: Int

  /// τ.
  public let temperature: Double

  /// g: what the mean is multiplied with.
  public let scale: Double

  /// All ranks' embeddings after ``gather(_:over:)``, `[rows, width]`.
  public private(set) var embeddings: [Scalar]

  /// ``embeddings``, transposed for the products of ``ContrastiveTiles``.
  private var columns: [Scalar]
  private let threads: Int
  private var logSumExps: [Scalar]
  private var classes = RowClasses(labels: [Int]())
  /// Is told of every block, as the passes over a large batch take long.
  private var activity = Activity()

  /// Makes room for one global batch.
  ///
  /// - Parameters:
  ///   - blocks: How the rows are cut.
  ///   - width: The length of a row.
  ///   - temperature: τ.
  ///   - scale: g.
  ///   - threads: How many threads of this rank share its anchor blocks.
  public init(blocks: RowBlocks, width: Int, temperature: Double, scale: Double = 1, threads: Int = 1) {
    self.blocks = blocks
    self.width = width
    self.temperature = temperature
    self.scale = scale
    self.threads = threads
    embeddings = Array(repeating: 0, count: blocks.rowCount * width)
    columns = unsafe Array(
      repeating: 0, count: ContrastiveTiles<Scalar>.columnElements(count: blocks.rowCount, width: width))
    logSumExps = Array(repeating: 0, count: blocks.rowCount)
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

  /// The first gathered row that holds a number that is not finite, and the rank that it came from.
  public func firstNonFiniteRow() -> (row: Int, rank: Int)? {
    guard let index = Scalar.firstNonFinite(embeddings) else { return nil }
    let row = index / width
    return blocks.shardRuns.owner(of: row / blocks.rowsPerShard).map { rank in (row, rank) }
  }

  /// Each own shard's part of the loss: the sum over its anchors of g/M · L_i.
  ///
  /// Collective: the log-sum-exps are gathered for ``gradients(ofRank:)``.
  ///
  /// - Parameters:
  ///   - classes: The classes of all rows.
  ///   - world: The ranks.
  /// - Returns: One number for each shard of this rank; their sum over all shards is the loss. 0 if no row has a positive.
  /// - Throws: `MPIError` if the gather fails.
  public func losses(of classes: RowClasses, over world: borrowing Communicator) throws(MPIError) -> [Double] {
    precondition(classes.rowCount == blocks.rowCount, "\(classes.rowCount) labels for \(blocks.rowCount) rows")
    self.classes = classes
    let shards = blocks.shardRuns[world.rank]
    guard classes.anchorCount > 0 else { return Array(repeating: 0, count: shards.count) }
    let localRows = blocks.rows(ofRank: world.rank)
    unsafe forEachBlock(of: shards) { block, tiles, scratch, logSumExps in
      unsafe Scalar.logSumExps(tiles, rows: block, scratch: scratch, into: logSumExps)
    }
    let local = Array(logSumExps[localRows])
    try world.allGather(
      local.span, counts: (0..<world.size).map { rank in blocks.rows(ofRank: rank).count }, into: &logSumExps)

    let positiveMeans = unsafe withTiles { tiles, _ in
      unsafe Scalar.positiveMeans(tiles, rows: localRows, classSizes: classes.counts)
    }
    let weight = scale / Double(classes.anchorCount)
    return shards.map { shard in
      blocks.rows(ofShard: shard).reduce(0) { sum, row in
        classes.positiveCount(ofRow: row) > 0
          ? sum + weight * (Double(logSumExps[row]) - positiveMeans[row - localRows.lowerBound] / temperature) : sum
      }
    }
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
    guard classes.anchorCount > 0 else {
      for index in gradients.indices {
        gradients[index] = 0
      }
      return
    }
    let weight = scale / Double(classes.anchorCount)
    let anchorWeights = (0..<blocks.rowCount).map { row in
      Scalar(classes.positiveCount(ofRow: row) > 0 ? weight : 0)
    }
    let positiveWeights = (0..<blocks.rowCount).map { row in
      let positives = classes.positiveCount(ofRow: row)
      return Scalar(positives > 0 ? weight / Double(positives) : 0)
    }
    unsafe anchorWeights.withUnsafeBufferPointer { anchorWeights in
      unsafe positiveWeights.withUnsafeBufferPointer { positiveWeights in
        unsafe gradients.withUnsafeMutableBufferPointer { gradients in
          guard let anchor = anchorWeights.baseAddress, let positive = positiveWeights.baseAddress,
            let target = gradients.baseAddress
          else { return }
          // Read by all threads; every block writes its own rows of the gradient.
          nonisolated(unsafe) let (sharedAnchor, sharedPositive, sharedTarget) = unsafe (anchor, positive, target)
          let (width, firstRow) = (width, localRows.lowerBound)
          unsafe forEachBlock(of: blocks.shardRuns[rank]) { block, tiles, scratch, logSumExps in
            unsafe Scalar.gradients(
              tiles, rows: block,
              weights: RowWeights(
                logSumExps: UnsafePointer(logSumExps), anchor: sharedAnchor, positive: sharedPositive),
              scratch: scratch, into: sharedTarget + (block.lowerBound - firstRow) * width)
          }
        }
      }
    }
  }

  /// Runs `body` for every anchor block of some shards, on this rank's threads, each with scratch memory of its own.
  private func forEachBlock(
    of shards: Range<Int>,
    _ body:
      @Sendable (
        _ block: Range<Int>, _ tiles: ContrastiveTiles<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>,
        _ logSumExps: UnsafeMutablePointer<Scalar>
      ) -> Void
  ) {
    let allBlocks = shards.flatMap { shard in
      unsafe blocks.blocks(ofShard: shard, limit: ContrastiveTiles<Scalar>.rowsPerBlock)
    }
    let workers = min(threads, max(allBlocks.count, 1))
    let activity = activity
    unsafe withTiles { tiles, logSumExps in
      // The tiles are only read; every block writes its own rows.
      nonisolated(unsafe) let (sharedTiles, sharedTarget) = unsafe (tiles, logSumExps)
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

  /// Lends the gathered batch, and the place of the log-sum-exps.
  private func withTiles<Result>(
    _ body: (_ tiles: ContrastiveTiles<Scalar>, _ logSumExps: UnsafeMutablePointer<Scalar>) -> Result
  ) -> Result {
    let (count, width, inverseTemperature) = (blocks.rowCount, width, Scalar(1 / temperature))
    return unsafe embeddings.withUnsafeBufferPointer { embeddings in
      unsafe columns.withUnsafeBufferPointer { columns in
        unsafe classes.classOfRow.withUnsafeBufferPointer { classOfRow in
          unsafe logSumExps.withUnsafeMutableBufferPointer { logSumExps in
            guard let rows = embeddings.baseAddress, let columns = columns.baseAddress,
              let classNumbers = classOfRow.baseAddress, let target = logSumExps.baseAddress
            else { preconditionFailure("a batch without rows") }
            let tiles = unsafe ContrastiveTiles(
              embeddings: rows, columns: columns, classes: classNumbers, count: count, width: width,
              inverseTemperature: inverseTemperature)
            return unsafe body(tiles, target)
          }
        }
      }
    }
  }
}
