import MPI
import OneDNN
import ParallelLoops

/// The supervised contrastive loss of a global batch whose rows (views) are distributed over ranks (Khosla and others
/// 2020).
///
/// The standard variant is L_out, equation 2:
///
///     L = (g/M) Σ_i [ ℓ_i − (1/|P(i)|) Σ_{p∈P(i)} s_ip ],   s_ij = z_i·z_j/τ,   ℓ_i = log Σ_{a≠i} e^{s_ia}
///
/// over the M anchors that have a positive; z are the N embeddings of D elements. ``LossVariant`` lists other variants.
/// The steps, collective over all ranks:
///
///     1. gather(_:over:)            all-gather of N·D numbers, rounded to bfloat16 if wanted
///     2. losses(of:over:)           one pass over the tiles of this rank's rows; all-gather of ℓ, one number a row
///     3. gradients(ofRank:into:)    a second pass over the same tiles
///
/// Because s_ij = s_ji, a row's whole gradient, both as anchor and as contrast of every other row, follows from the
/// embeddings, the classes and all rows' ℓ: no gradient is reduced over ranks, and the N×N matrix is never stored.
/// Other variants gather up to three numbers per row (``LossVariant/statisticsPerRow``), and those with one positive
/// per denominator take a third pass.
///
/// Class prototypes are further rows behind those of the batch, which every rank holds and which are contrasts, but no
/// anchors: their gradient is that of any other row, and one rank adds it to the sum of the parameters' gradients.
public final class ContrastiveLoss<Scalar: LossScalar> {
  /// The assignment of rows to shards (fixed parts of the global batch), and of shards to ranks.
  public let blocks: RowBlocks

  /// The number of elements of an embedding.
  public let width: Int

  /// The temperature τ.
  public let temperature: Double

  /// The constant factor g of the mean over anchors.
  public let scale: Double

  /// The variant of the loss.
  public let variant: LossVariant

  /// The order of samples and views among the rows.
  public let rowOrder: RowOrder

  /// The number of class prototypes, which follow the rows of the batch as contrasts; 0 for none.
  public let prototypeCount: Int

  /// The type in which embeddings are sent; every rank computes with the rounded embeddings, also for its own rows.
  public let gatherPrecision: Precision

  /// The loss L_i of each row of this rank after ``losses(of:over:)``; 0 for a row that is not an anchor.
  public private(set) var anchorLosses: [Double] = []

  private let threads: Int
  private let passes: LossPasses<Scalar>
  /// The embeddings of all ranks after ``gather(_:over:)``, and the prototypes, `[rows, width]`.
  private let embeddings: SharedElements<Scalar>
  /// The embeddings of all ranks as bfloat16; empty unless they are gathered in bfloat16.
  private let roundedEmbeddings: SharedElements<UInt16>
  /// The embeddings of all ranks, transposed tile by tile for matrix products (``ContrastiveTiles/columns``).
  private let columns: SharedElements<Scalar>
  /// The row statistics that the gradients need, `[rows, variant.statisticsPerRow]`; by default the log-sum-exp ℓ.
  private let rowStatistics: SharedElements<Scalar>
  /// The anchors and positives of the last batch.
  private var batch: Batch
  /// The watchdog's progress counter, incremented after every block because the passes over a large batch take long.
  private var activity = Activity()

  /// The anchors and positives of one global batch, with copies of the class arrays that threads read.
  private struct Batch {
    let pairs: LossPairs
    let classes: SharedElements<Int32>
    let sampleNumbers: SharedElements<Int32>
    let positiveCounts: SharedElements<Int32>

    init(_ pairs: LossPairs) {
      self.pairs = pairs
      classes = SharedElements(pairs.classes.classOfRow, else: 0)
      sampleNumbers = SharedElements(pairs.sampleNumbers, else: 0)
      positiveCounts = SharedElements(
        pairs.classes.classOfRow.indices.map { row in Int32(pairs.positiveCount(ofRow: row)) }, else: 0)
    }
  }

  /// Allocates the memory for global batches of one size.
  ///
  /// - Parameters:
  ///   - blocks: The partition of the rows.
  ///   - width: The length of a row.
  ///   - temperature: The temperature τ, above 0.
  ///   - scale: The constant factor g of the mean over anchors.
  ///   - variant: The variant of the loss: its sums, anchors, positives and denominators.
  ///   - rowOrder: The order of the samples' views; `nil` if each row is a sample of its own.
  ///   - prototypeCount: The number of class prototypes; 0 unless the variant has prototypes.
  ///   - gatherPrecision: The type that embeddings have in messages.
  ///   - threads: The number of threads of this rank that share its anchor blocks.
  public init(
    blocks: RowBlocks, width: Int, temperature: Double, scale: Double = 1, variant: LossVariant = LossVariant(),
    rowOrder: RowOrder? = nil, prototypeCount: Int = 0, gatherPrecision: Precision = .float32, threads: Int = 1
  ) {
    precondition(variant.hasPrototypes == (prototypeCount > 0), "\(prototypeCount) prototypes for \(variant)")
    self.blocks = blocks
    self.width = width
    self.temperature = temperature
    self.scale = scale
    self.variant = variant
    self.rowOrder = rowOrder ?? RowOrder(samplesPerGroup: blocks.rowCount, views: 1)
    self.prototypeCount = prototypeCount
    self.gatherPrecision = gatherPrecision
    self.threads = threads
    passes = Scalar.passes(of: variant)
    let rowCount = blocks.rowCount + prototypeCount
    embeddings = SharedElements(repeating: 0, count: rowCount * width)
    roundedEmbeddings = SharedElements(
      repeating: 0, count: gatherPrecision == .bfloat16 ? blocks.rowCount * width : 0)
    columns = unsafe SharedElements(
      repeating: 0, count: ContrastiveTiles<Scalar>.columnElements(count: rowCount, width: width))
    // A prototype is no anchor: the terms of a row with infinite logarithms vanish (``RowWeights``).
    rowStatistics = SharedElements(repeating: .infinity, count: rowCount * variant.statisticsPerRow)
    batch = Batch(LossPairs(RowClasses(labels: [Int]()), rowOrder: self.rowOrder, variant: variant))
  }

  /// The bytes of scratch memory that each thread takes during a pass over the tiles, for estimates of memory.
  package static var scratchByteCount: Int {
    unsafe ContrastiveTiles<Scalar>.scratchCount * MemoryLayout<Scalar>.stride
  }

  /// The number of rows that are contrasts: those of the batch and the prototypes.
  private var contrastCount: Int { blocks.rowCount + prototypeCount }

  // MARK: - Steps

  /// Sets the prototypes of the next batch, which are the same on every rank; before ``gather(_:over:)``.
  ///
  /// - Parameter unitRows: The prototypes, `[prototypeCount, width]`, with rows of unit length; they are not rounded.
  public func setPrototypes(_ unitRows: Span<Scalar>) {
    precondition(
      unitRows.count == prototypeCount * width, "\(unitRows.count) elements for \(prototypeCount) rows of \(width)")
    embeddings.copy(unitRows, to: blocks.rowCount * width)
  }

  /// Gathers the embeddings of all ranks, in ``gatherPrecision``.
  ///
  /// Collective. The gradient ignores the rounding to bfloat16 (straight-through).
  ///
  /// - Parameters:
  ///   - local: This rank's embeddings, `[local rows, width]`, with rows of unit length.
  ///   - world: The ranks.
  /// - Throws: `MPIError` if the gather fails.
  public func gather(_ local: Span<Scalar>, over world: borrowing Communicator) throws(MPIError) {
    activity = world.activity
    let first = blocks.rows(ofRank: world.rank).lowerBound * width
    switch gatherPrecision {
    case .float32:
      embeddings.copy(local, to: first)
      try allGather(embeddings, elementsPerRow: width, over: world)
    case .bfloat16:
      roundedEmbeddings.round(local, to: first)
      try allGather(roundedEmbeddings, elementsPerRow: width, over: world)
      roundedEmbeddings.widen(into: embeddings)
    }
    transpose()
  }

  /// Computes the loss of each shard (part of the batch) of this rank: the sum of g/M · L_i over the shard's anchors.
  ///
  /// Collective: the values of each row that ``gradients(ofRank:into:)`` needs are all-gathered.
  ///
  /// - Parameters:
  ///   - classes: The classes of all rows, followed by those of the prototypes; all views of a sample have the same
  ///     class.
  ///   - world: The ranks.
  /// - Returns: One number per shard of this rank; the sum over all shards of all ranks is the loss. All are 0 if there
  ///   is no anchor.
  /// - Throws: `MPIError` if the gather fails.
  public func losses(of classes: RowClasses, over world: borrowing Communicator) throws(MPIError) -> [Double] {
    computeLosses(of: classes, rank: world.rank)
    if batch.pairs.anchorCount > 0 {
      try allGather(rowStatistics, elementsPerRow: variant.statisticsPerRow, over: world)
    }
    return shardLosses(ofRank: world.rank)
  }

  /// Computes the gradient of the loss with respect to this rank's rows, as anchors and as contrasts,
  /// `[local rows, width]`.
  ///
  /// Not collective; requires a previous call of ``losses(of:over:)``.
  ///
  /// - Parameters:
  ///   - rank: The number of this rank.
  ///   - gradients: Receives the gradient.
  public func gradients(ofRank rank: Int, into gradients: inout MutableSpan<Scalar>) {
    computeGradients(of: blocks.rows(ofRank: rank), anchorBlocks(ofRank: rank), into: &gradients)
  }

  /// Computes the gradient of the loss with respect to the prototypes, `[prototypeCount, width]`.
  ///
  /// Not collective; requires a previous call of ``losses(of:over:)``. It is the whole gradient, with the same bits on
  /// every rank.
  ///
  /// - Parameter gradients: Receives the gradient.
  public func prototypeGradients(into gradients: inout MutableSpan<Scalar>) {
    let rows = blocks.rowCount..<contrastCount
    computeGradients(
      of: rows, unsafe RowBlocks.blocks(of: rows, limit: ContrastiveTiles<Scalar>.rowsPerBlock), into: &gradients)
  }

  /// Computes the gradients of some rows, which `blocks` divides, `[rows, width]`.
  private func computeGradients(of rows: Range<Int>, _ blocks: [Range<Int>], into gradients: inout MutableSpan<Scalar>)
  {
    precondition(
      gradients.count == rows.count * width, "\(gradients.count) gradient elements for \(rows.count) rows of \(width)")
    guard batch.pairs.anchorCount > 0 else {
      for index in gradients.indices {
        gradients[index] = 0
      }
      return
    }
    let weights = GatheredWeights(self)
    let (width, passes) = (width, passes)
    unsafe gradients.withUnsafeMutableBufferPointer { gradients in
      guard let target = gradients.baseAddress else { return }
      // Safe: every block writes its own rows of the gradient.
      nonisolated(unsafe) let sharedTarget = unsafe target
      unsafe forEach(blocks) { block, tiles, scratch in
        unsafe passes.gradients(
          tiles, block, weights.pointers, scratch, sharedTarget + (block.lowerBound - rows.lowerBound) * width)
      }
    }
  }

  /// Computes loss and gradient of a batch in one process, without MPI.
  ///
  /// - Parameters:
  ///   - rows: The embeddings of the whole batch, followed by the prototypes, `[rows, width]`, with rows of unit
  ///     length.
  ///   - classes: The classes of the rows.
  /// - Returns: The loss, and its gradient with respect to `rows`.
  /// - Precondition: The rows were assigned to one rank.
  public func lossAndGradient(of rows: [Scalar], classes: RowClasses) -> (loss: Double, gradient: [Scalar]) {
    let ownCount = blocks.rows(ofRank: 0).count
    precondition(ownCount == blocks.rowCount, "rank 0 has \(ownCount) of \(blocks.rowCount) rows")
    precondition(rows.count == embeddings.count, "\(rows.count) elements for \(contrastCount) rows of \(width)")
    embeddings.copy(rows.span, to: 0)
    if gatherPrecision == .bfloat16 {
      roundedEmbeddings.round(rows.span.extracting(0..<roundedEmbeddings.count), to: 0)
      roundedEmbeddings.widen(into: embeddings)
    }
    transpose()
    computeLosses(of: classes, rank: 0)
    var gradient = [Scalar](repeating: 0, count: blocks.rowCount * width)
    var gradientRows = gradient.mutableSpan
    gradients(ofRank: 0, into: &gradientRows)
    var prototypeGradient = [Scalar](repeating: 0, count: prototypeCount * width)
    var prototypeRows = prototypeGradient.mutableSpan
    prototypeGradients(into: &prototypeRows)
    gradient += prototypeGradient
    return (shardLosses(ofRank: 0).reduce(0, +), gradient)
  }

  // MARK: - Parts

  /// Computes the transposed ``columns`` from ``embeddings``.
  private func transpose() {
    unsafe passes.transpose(embeddings.address, contrastCount, width, columns.address)
  }

  /// Returns the loss of each of a rank's shards: the sum of g/M · L_i over the shard's anchors.
  private func shardLosses(ofRank rank: Int) -> [Double] {
    let firstRow = blocks.rows(ofRank: rank).lowerBound
    let weight = scale / Double(max(batch.pairs.anchorCount, 1))
    return blocks.shards[rank].map { shard in
      blocks.rows(ofShard: shard).reduce(0) { sum, row in sum + weight * anchorLosses[row - firstRow] }
    }
  }

  /// Computes the losses L_i of a rank's rows, and writes the rows' statistics into ``rowStatistics``.
  private func computeLosses(of classes: RowClasses, rank: Int) {
    precondition(classes.rowCount == contrastCount, "\(classes.rowCount) labels for \(contrastCount) rows")
    batch = Batch(LossPairs(classes, prototypeCount: prototypeCount, rowOrder: rowOrder, variant: variant))
    let localRows = blocks.rows(ofRank: rank)
    guard batch.pairs.anchorCount > 0 else {
      anchorLosses = Array(repeating: 0, count: localRows.count)
      return
    }
    let losses = SharedElements(repeating: 0.0, count: localRows.count)
    let batchSums = unsafe passes.batchSums(tiles)
    let (passes, statistics) = (passes, rowStatistics)
    unsafe forEach(anchorBlocks(ofRank: rank)) { block, tiles, scratch in
      unsafe passes.statistics(
        tiles, block, batchSums, scratch, statistics.address,
        losses.address + (block.lowerBound - localRows.lowerBound))
    }
    anchorLosses = (0..<losses.count).map { index in losses[index] }
  }

  /// All-gathers an array of all rows, in which each rank has already written the elements of its own rows; elements of
  /// prototypes, which follow, stay.
  ///
  /// Collective.
  private func allGather<Element: MPIElement>(
    _ elements: SharedElements<Element>, elementsPerRow: Int, over world: borrowing Communicator
  ) throws(MPIError) {
    let counts = (0..<world.size).map { rank in blocks.rows(ofRank: rank).count * elementsPerRow }
    try elements.withMutableSpan { (span) throws(MPIError) in
      var rows = span._mutatingExtracting(0..<blocks.rowCount * elementsPerRow)
      try world.allGatherInPlace(counts: counts, into: &rows)
    }
  }

  /// The weights with which the gradients are computed, for all rows, as four arrays in one buffer (``RowWeights``).
  private struct GatheredWeights: Sendable {
    private let values: SharedElements<Scalar>
    private let rowCount: Int

    init(_ loss: ContrastiveLoss) {
      let (count, variant, pairs) = (loss.contrastCount, loss.variant, loss.batch.pairs)
      let weight = loss.scale / Double(pairs.anchorCount)
      rowCount = count
      values = SharedElements(repeating: 0, count: 4 * count)
      for row in 0..<count {
        let positives = pairs.positiveCount(ofRow: row)
        let first = row * variant.statisticsPerRow
        values[row] = loss.rowStatistics[first]
        values[3 * count + row] = variant.summation == .inside ? loss.rowStatistics[first + 1] : 0
        guard positives > 0 else { continue }
        let anchorFactor =
          variant.denominator == .onePositive ? Double(loss.rowStatistics[first + variant.statisticsPerRow - 1]) : 1
        values[count + row] = Scalar(weight * anchorFactor)
        values[2 * count + row] = Scalar(variant.summation == .inside ? weight : weight / Double(positives))
      }
    }

    var pointers: RowWeights<Scalar> {
      unsafe RowWeights(
        logSumExps: values.address, anchor: values.address + rowCount, positive: values.address + 2 * rowCount,
        positiveLogSums: values.address + 3 * rowCount)
    }
  }

  /// The gathered batch as tiles, with pointers that are valid as long as this object exists.
  private var tiles: ContrastiveTiles<Scalar> {
    unsafe ContrastiveTiles(
      embeddings: embeddings.address, columns: columns.address,
      pairs: PairTable(
        classes: batch.classes.address, sampleNumbers: batch.sampleNumbers.address,
        keptSamples: batch.pairs.keptSamples),
      positiveCounts: batch.positiveCounts.address, classCount: batch.pairs.classes.counts.count,
      count: contrastCount, width: width, temperature: temperature)
  }

  /// Returns the blocks of anchors in a rank's shards.
  private func anchorBlocks(ofRank rank: Int) -> [Range<Int>] {
    blocks.shards[rank].flatMap { shard in
      unsafe RowBlocks.blocks(of: blocks.rows(ofShard: shard), limit: ContrastiveTiles<Scalar>.rowsPerBlock)
    }
  }

  /// Calls `body` for every block of rows, on this rank's threads, with scratch memory of the thread.
  private func forEach(
    _ allBlocks: [Range<Int>],
    _ body:
      @Sendable (
        _ block: Range<Int>, _ tiles: ContrastiveTiles<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>
      ) -> Void
  ) {
    let workers = min(threads, max(allBlocks.count, 1))
    let activity = activity
    // Safe: the tiles are only read, and this object owns their memory.
    nonisolated(unsafe) let sharedTiles = unsafe tiles
    let scratch = (0..<workers).map { _ in
      unsafe SharedElements<Scalar>(repeating: 0, count: ContrastiveTiles<Scalar>.scratchCount)
    }
    withExtendedLifetime(self) {
      parallelFor(allBlocks.count, threads: workers) { index, worker in
        useOneThreadPerPrimitive()
        unsafe body(allBlocks[index], sharedTiles, scratch[worker].address)
        activity.progressed()
      }
    }
  }
}
