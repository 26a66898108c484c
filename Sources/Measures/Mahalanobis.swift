/// The squared Mahalanobis distance to the mean of a training set, or to the nearest of its class means.
///
/// One mean with the covariance of all samples is SSD with one cluster (Sehwag, Chiang and Mittal 2021). Class means
/// with the covariance within classes are the method of Lee, Lee, Lee and Shin 2018. Covariances have divisor n.
/// Features that are linear combinations of others are ignored.
package struct Mahalanobis: Sendable {
  /// The mean, or the means of the classes that have samples, `[means, width]`.
  private let means: [Double]
  private let width: Int
  /// The lower triangle of the Cholesky factor of the covariance of the features in ``kept``, `[kept, kept]`.
  private var factor: [Double] = []
  private var kept: [Int] = []

  /// Computes means and covariance from training features.
  ///
  /// - Parameters:
  ///   - rows: The training features.
  ///   - classCount: The number of class means; 1 for one mean of all samples.
  ///   - progressed: Called after every sample that is added to the covariance, for a watchdog.
  package init(_ rows: FeatureRows, classCount: Int, progressed: () -> Void = {}) {
    width = rows.width
    var sums = [Double](repeating: 0, count: classCount * rows.width)
    var counts = [Int](repeating: 0, count: classCount)
    func group(_ sample: Int) -> Int { classCount == 1 ? 0 : Int(rows.labels[sample]) }
    for sample in 0..<rows.count {
      counts[group(sample)] += 1
      for (index, element) in rows[sample].enumerated() {
        sums[group(sample) * rows.width + index] += Double(element)
      }
    }
    let all = sums.indices.map { index in sums[index] / Double(max(counts[index / rows.width], 1)) }
    // A class without samples has no mean, to which a sample could be near.
    means = all.indices.filter { index in counts[index / rows.width] > 0 }.map { index in all[index] }
    var covariance = [Double](repeating: 0, count: width * width)
    for sample in 0..<rows.count {
      let first = group(sample) * width
      let centered = rows[sample].enumerated().map { index, element in Double(element) - all[first + index] }
      centered.addOuterProduct(into: &covariance, width: width)
      progressed()
    }
    for index in covariance.indices {
      covariance[index] /= Double(rows.count)
    }
    factorize(covariance)
  }

  /// Computes the Cholesky factor row by row; a row whose pivot is only rounding error depends linearly on earlier rows
  /// and is skipped.
  private mutating func factorize(_ covariance: [Double]) {
    let largest = (0..<width).map { index in covariance[index * width + index] }.max() ?? 0
    var rows: [[Double]] = []
    for row in 0..<width {
      var values: [Double] = []
      for (place, column) in kept.enumerated() {
        var sum = covariance[row * width + column]
        for index in 0..<place {
          sum -= values[index] * rows[place][index]
        }
        values.append(sum / rows[place][place])
      }
      let pivot = covariance[row * width + row] - values.reduce(0) { sum, value in sum + value * value }
      guard pivot > 1e-12 * largest, pivot > 0 else { continue }
      kept.append(row)
      rows.append(values + [pivot.squareRoot()])
    }
    factor = rows.flatMap { row in row + Array(repeating: 0, count: kept.count - row.count) }
  }

  /// Returns the squared distance of one sample to the nearest mean.
  package func distance(_ sample: ArraySlice<Float>) -> Double {
    var nearest = Double.infinity
    var solved = [Double](repeating: 0, count: kept.count)
    for mean in 0..<means.count / width {
      var square = 0.0
      for (row, feature) in kept.enumerated() {
        var sum = Double(sample[sample.startIndex + feature]) - means[mean * width + feature]
        for index in 0..<row {
          sum -= factor[row * kept.count + index] * solved[index]
        }
        solved[row] = sum / factor[row * kept.count + row]
        square += solved[row] * solved[row]
      }
      nearest = min(nearest, square)
    }
    return nearest
  }
}

extension [Double] {
  /// Adds the lower triangle of the outer product of this vector with itself to a square matrix.
  fileprivate func addOuterProduct(into matrix: inout [Double], width: Int) {
    for row in 0..<width where self[row] != 0 {
      let value = self[row]
      for column in 0...row {
        matrix[row * width + column] += value * self[column]
      }
    }
  }
}
