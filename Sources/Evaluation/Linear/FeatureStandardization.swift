import Formats
import Runs

/// The mean and standard deviation of each feature in the training set, used to standardize training and test features.
///
/// A feature that is constant in the training set becomes 0 in both sets: divided by a standard deviation of almost 0,
/// it would outweigh all others in test images where it differs.
struct FeatureStandardization {
  private let mean: [Float]
  private let factor: [Float]

  /// The mean and the factor (1 ÷ standard deviation) of each feature as tensors, for the classifier's file.
  var tensors: [NamedTensor] {
    [
      NamedTensor(name: ClassifierFile.meanName, shape: [mean.count], elements: mean[...]),
      NamedTensor(name: ClassifierFile.factorName, shape: [factor.count], elements: factor[...]),
    ]
  }

  /// Computes mean and standard deviation of each feature from `[samples, width]` features.
  init(_ features: [Float], width: Int) {
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
      // A standard deviation below this fraction of the mean is only float32 rounding error.
      return deviation > 1e-6 * abs(mean) ? Float(1 / deviation) : 0
    }
  }

  /// Standardizes `[samples, width]` features in place.
  func apply(_ features: inout [Float]) {
    for index in features.indices {
      features[index] = (features[index] - mean[index % mean.count]) * factor[index % mean.count]
    }
  }
}
