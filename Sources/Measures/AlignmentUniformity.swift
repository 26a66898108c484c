import Glibc

/// The alignment and uniformity of features of unit length (Wang and Isola 2020); rows of zeros stay at the center.
///
/// Alignment: the mean of ‖x − y‖² over ordered pairs of different samples of one class. Uniformity: log of the mean of
/// exp(−2 ‖x − y‖²) over all ordered pairs of different samples.
package enum AlignmentUniformity {
  /// Returns three values per sample: Σ ‖x − y‖² over the other samples of its class, the number of these, and Σ exp(−2
  /// ‖x − y‖²) over all other samples.
  package static func values(_ rows: FeatureRows, _ samples: Range<Int>) throws -> [Double] {
    let products = try rows.products(samples, with: rows.features)
    let squares = (0..<rows.count).map(rows.unitSquare)
    return samples.flatMap { sample in
      var (distances, pairs, potential) = (0.0, 0.0, 0.0)
      for other in 0..<rows.count where other != sample {
        let product = Double(products[(sample - samples.lowerBound) * rows.count + other])
        // ‖x − y‖² = ‖x‖² + ‖y‖² − 2 x·y.
        let distance = squares[sample] + squares[other] - 2 * product
        potential += exp(-2 * distance)
        if rows.labels[other] == rows.labels[sample] {
          distances += distance
          pairs += 1
        }
      }
      return [distances, pairs, potential]
    }
  }

  /// Computes both measures from ``values(_:_:)`` of all samples; `nil` for a measure without any pair.
  package static func summary(_ values: [Double]) -> (alignment: Double?, uniformity: Double?) {
    let count = values.count / 3
    var sums = [0.0, 0.0, 0.0]
    for index in values.indices {
      sums[index % 3] += values[index]
    }
    return (
      sums[1] > 0 ? sums[0] / sums[1] : nil, count > 1 ? log(sums[2] / Double(count * (count - 1))) : nil
    )
  }
}
