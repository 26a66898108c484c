import Formats

/// The mean and deviation of each feature over a training set, which both sets are freed of.
///
/// A feature that does not vary there says nothing about a class, and is 0 in both sets: one divided by next to nothing would
/// outweigh all others in the first test image where it is there.
struct FeatureStandardization {
  /// The names of mean and factor among the classifier's tensors.
  static let meanName = "standardization.mean"
  static let factorName = "standardization.factor"

  private let mean: [Float]
  private let factor: [Float]

  /// What was measured, for the file of the classifier that learnt from it.
  var tensors: [NamedTensor] {
    [
      NamedTensor(name: Self.meanName, shape: [mean.count], elements: mean[...]),
      NamedTensor(name: Self.factorName, shape: [factor.count], elements: factor[...]),
    ]
  }

  /// Measures `[samples, width]` features.
  package init(_ features: [Float], width: Int) {
    let count = features.count / width
    var sums = [Double](repeating: 0, count: width)
    for index in features.indices {
      sums[index % width] += Double(features[index])
    }
    let means = sums.map { sum in sum / Double(count) }
    var squares = [Double](repeating: 0, count: width)
    for index in features.indices {
      let distance = Double(features[index]) - means[index % width]
      squares[index % width] += distance * distance
    }
    mean = means.map { mean in Float(mean) }
    factor = zip(squares, means).map { square, mean in
      let deviation = (square / Double(max(count - 1, 1))).squareRoot()
      // Below that share of the mean there is only the rounding of float32.
      return deviation > 1e-6 * abs(mean) ? Float(1 / deviation) : 0
    }
  }

  /// Frees features of mean and deviation.
  func apply(_ features: inout [Float]) {
    for index in features.indices {
      features[index] = (features[index] - mean[index % mean.count]) * factor[index % mean.count]
    }
  }
}
