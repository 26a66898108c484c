import Glibc

/// What every row contributes to the gradient of the others: its log-sum-exp and its weights.
@unsafe
public struct RowWeights<Scalar: LossScalar> {
  /// ℓ_j = log Σ_{a≠j} e^{s_ja}.
  let logSumExps: UnsafePointer<Scalar>
  /// w_j: scale ÷ number of anchors, 0 for rows without a positive.
  let anchor: UnsafePointer<Scalar>
  /// w_j / |P(j)|.
  let positive: UnsafePointer<Scalar>
}

/// The two passes of the loss over tiles of the similarity matrix s_ij = z_i·z_j / τ, which never exists as a whole.
///
/// An anchor block's rows are multiplied with `columnsPerTile` rows of the gathered embeddings at a time. Sizes and order of the tiles
/// depend on the global batch alone, so each row has the same bits on any number of ranks.
@unsafe
public struct ContrastiveTiles<Scalar: LossScalar> {
  /// How many columns a tile has, the last one excepted.
  static var columnsPerTile: Int { 1024 }

  /// How many rows an anchor block has at the most: with 1,024 columns of float32, 512 KiB, half of a core's level-2 cache.
  static var rowsPerBlock: Int { 128 }

  /// The number of scratch elements that both passes need.
  static var scratchCount: Int { unsafe rowsPerBlock * columnsPerTile }

  /// All embeddings, unit rows, `[count, width]`.
  let embeddings: UnsafePointer<Scalar>
  /// The class of each row.
  let classes: UnsafePointer<Int32>
  let count: Int
  let width: Int
  let inverseTemperature: Scalar

  /// ℓ_i = log Σ_{a≠i} e^{s_ia} for the rows of one block, at their places in `logSumExps`.
  ///
  /// The largest similarity so far is subtracted before exponentiation (self excluded), so that no temperature underflows.
  @inline(__always)
  func logSumExps(
    rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>, into logSumExps: UnsafeMutablePointer<Scalar>
  ) {
    var maxima = [Scalar](repeating: -.infinity, count: rows.count)
    var sums = [Double](repeating: 0, count: rows.count)
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      for row in rows {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        if columns.contains(row) {
          unsafe line[row - firstColumn] = -.infinity
        }
        let before = maxima[row - rows.lowerBound]
        let maximum = unsafe largest(line, count: columns.count, atLeast: before)
        // A tile of the row itself alone has nothing to add.
        if maximum == -.infinity {
          continue
        }
        for column in 0..<columns.count {
          unsafe line[column] = Scalar.exponential(line[column] - maximum)
        }
        let tileSum = unsafe sum(line, count: columns.count)
        let sumBefore = sums[row - rows.lowerBound]
        let shrink = Double(Scalar.exponential(before - maximum))
        sums[row - rows.lowerBound] = (sumBefore == 0 ? 0 : sumBefore * shrink) + tileSum
        maxima[row - rows.lowerBound] = maximum
      }
    }
    for row in rows {
      let index = row - rows.lowerBound
      unsafe logSumExps[row] = maxima[index] + Scalar(log(sums[index]))
    }
  }

  /// ∂L/∂z_i = (1/τ) Σ_{j≠i} (G_ij + G_ji) z_j for the rows of one block, `[rows, width]`, with
  /// G_ij + G_ji = w_i e^{s_ij−ℓ_i} + w_j e^{s_ij−ℓ_j} − [same class] (w_i/|P(i)| + w_j/|P(j)|).
  ///
  /// Both roles of z_i, anchor and contrast, in one product; the positives are subtracted before it, where nothing cancels.
  @inline(__always)
  func gradients(
    rows: Range<Int>, weights: RowWeights<Scalar>, scratch: UnsafeMutablePointer<Scalar>,
    into gradients: UnsafeMutablePointer<Scalar>
  ) {
    for index in unsafe 0..<rows.count * width {
      unsafe gradients[index] = 0
    }
    for firstColumn in unsafe stride(from: 0, to: count, by: Self.columnsPerTile) {
      let columns = unsafe firstColumn..<min(firstColumn + Self.columnsPerTile, count)
      unsafe similarities(rows: rows, columns: columns, into: scratch)
      let columnClasses = unsafe classes + firstColumn
      let columnLogSumExps = unsafe weights.logSumExps + firstColumn
      let columnAnchorWeights = unsafe weights.anchor + firstColumn
      let columnPositiveWeights = unsafe weights.positive + firstColumn
      for row in rows {
        let line = unsafe scratch + (row - rows.lowerBound) * columns.count
        let rowClass = unsafe classes[row]
        let logSumExp = unsafe weights.logSumExps[row]
        let anchorWeight = unsafe weights.anchor[row]
        let positiveWeight = unsafe weights.positive[row]
        for column in 0..<columns.count {
          let similarity = unsafe line[column]
          let asAnchor = anchorWeight * Scalar.exponential(similarity - logSumExp)
          let asContrast =
            unsafe columnAnchorWeights[column]
            * Scalar.exponential(similarity - columnLogSumExps[column])
          let positives = unsafe columnClasses[column] == rowClass ? positiveWeight + columnPositiveWeights[column] : 0
          unsafe line[column] = asAnchor + asContrast - positives
        }
        if columns.contains(row) {
          unsafe line[row - firstColumn] = 0
        }
      }
      unsafe Scalar.accumulate(
        tile: scratch, rowCount: rows.count, columns: embeddings + firstColumn * width, columnCount: columns.count,
        width: width, into: gradients)
    }
    for index in unsafe 0..<rows.count * width {
      unsafe gradients[index] *= inverseTemperature
    }
  }

  /// The largest element, eight at a time; NaN is passed over, as it comes through in the sum of exponentials.
  @inline(__always)
  private func largest(_ elements: UnsafePointer<Scalar>, count: Int, atLeast least: Scalar) -> Scalar {
    var lanes = SIMD8<Scalar>(repeating: least)
    let whole = count & ~7
    for index in stride(from: 0, to: whole, by: 8) {
      let next = unsafe UnsafeRawPointer(elements + index).loadUnaligned(as: SIMD8<Scalar>.self)
      lanes.replace(with: next, where: next .> lanes)
    }
    var maximum = lanes.max()
    for index in whole..<count {
      let element = unsafe elements[index]
      maximum = element > maximum ? element : maximum
    }
    return maximum
  }

  /// The sum of elements, in eight interleaved parts so that neighbours need not wait for each other.
  @inline(__always)
  private func sum(_ elements: UnsafePointer<Scalar>, count: Int) -> Double {
    var lanes = SIMD8<Scalar>()
    let whole = count & ~7
    for index in stride(from: 0, to: whole, by: 8) {
      lanes += unsafe UnsafeRawPointer(elements + index).loadUnaligned(as: SIMD8<Scalar>.self)
    }
    var total = 0.0
    for lane in 0..<8 {
      total += Double(lanes[lane])
    }
    for index in whole..<count {
      total += unsafe Double(elements[index])
    }
    return total
  }

  @inline(__always)
  private func similarities(rows: Range<Int>, columns: Range<Int>, into tile: UnsafeMutablePointer<Scalar>) {
    unsafe Scalar.similarities(
      rows: embeddings + rows.lowerBound * width, rowCount: rows.count,
      columns: embeddings + columns.lowerBound * width, columnCount: columns.count, width: width,
      scale: inverseTemperature, into: tile)
  }
}
