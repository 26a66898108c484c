import Glibc

/// The normalized and adjusted mutual information (NMI, AMI) of two clusterings of the same samples.
///
/// NMI = I / ((H(U) + H(V)) / 2); AMI = (I − E[I]) / ((H(U) + H(V)) / 2 − E[I]) with the expectation under the
/// hypergeometric model of random partitions with the same sizes (Vinh, Epps and Bailey 2010, equation 24a).
package struct ClusteringAgreement {
  package let normalized: Double
  package let adjusted: Double

  /// Compares two labelings of the same samples.
  package init(_ first: [Int32], _ second: [Int32]) {
    precondition(first.count == second.count, "labelings of \(first.count) and \(second.count) samples")
    let count = Double(first.count)
    var (rows, columns): ([Int32: Int], [Int32: Int]) = ([:], [:])
    var cells: [SIMD2<Int32>: Int] = [:]
    for (one, other) in zip(first, second) {
      rows[one, default: 0] += 1
      columns[other, default: 0] += 1
      cells[SIMD2(one, other), default: 0] += 1
    }
    guard rows.count > 1 || columns.count > 1, rows.count < first.count || columns.count < first.count else {
      // Both clusterings have a single cluster, or one cluster per sample.
      (normalized, adjusted) = (1, 1)
      return
    }
    func entropy(_ sizes: [Int]) -> Double {
      sizes.sorted().reduce(0) { sum, size in sum - Double(size) / count * log(Double(size) / count) }
    }
    // Sorted, so that the order of summation does not depend on the hash table.
    let information = cells.sorted { one, other in
      (one.key.x, one.key.y) < (other.key.x, other.key.y)
    }.reduce(0.0) { sum, cell in
      let product = Double(rows[cell.key.x] ?? 1) * Double(columns[cell.key.y] ?? 1)
      return sum + Double(cell.value) / count * log(Double(cell.value) * count / product)
    }
    let mean = (entropy(Array(rows.values)) + entropy(Array(columns.values))) / 2
    let expected = Self.expectedInformation(rows.values.sorted(), columns.values.sorted(), first.count)
    normalized = mean > 0 ? max(information, 0) / mean : 0
    adjusted = abs(mean - expected) > 1e-15 ? (information - expected) / (mean - expected) : 0
  }

  private static func expectedInformation(_ rows: [Int], _ columns: [Int], _ count: Int) -> Double {
    var logFactorials = [0.0]
    for number in 1...max(count, 1) {
      logFactorials.append(logFactorials[number - 1] + log(Double(number)))
    }
    let total = Double(count)
    var sum = 0.0
    for row in rows {
      for column in columns {
        for both in max(1, row + column - count)...max(min(row, column), 1) {
          let logProbability =
            logFactorials[row] + logFactorials[column] + logFactorials[count - row] + logFactorials[count - column]
            - logFactorials[count] - logFactorials[both] - logFactorials[row - both] - logFactorials[column - both]
            - logFactorials[count - row - column + both]
          sum +=
            Double(both) / total * log(total * Double(both) / (Double(row) * Double(column))) * exp(logProbability)
        }
      }
    }
    return sum
  }
}
