import Glibc

/// The calibration of a classifier: the difference between its confidence (probability of the predicted class) and its
/// accuracy.
///
/// Expected calibration error: Σ_b n_b / n · |accuracy_b − confidence_b| over 15 bins ((b − 1)/15, b/15] of the largest
/// probability (Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", equation 3).
package struct Calibration {
  /// The predictions whose largest probability lies in one interval.
  package struct Bin: Equatable {
    package var count = 0
    /// The fraction of the bin's predictions that are correct.
    package var accuracy = 0.0
    /// The mean of the largest probability over the bin's predictions.
    package var confidence = 0.0
  }

  package static let binCount = 15

  /// The bins, from the lowest interval to the highest.
  package let bins: [Bin]
  /// The expected calibration error.
  package let error: Double

  /// Assigns predictions to bins.
  ///
  /// - Parameters:
  ///   - probabilities: The logits and labels of the samples.
  ///   - temperatures: The temperature that divides each sample's logits; `nil` for 1.
  package init(_ probabilities: ClassProbabilities, temperatures: [Double]? = nil) {
    var bins = [Bin](repeating: Bin(), count: Self.binCount)
    let count = probabilities.labels.count
    for sample in 0..<count {
      let predicted = probabilities.predictedClass(sample)
      let confidence = exp(
        probabilities.logProbabilities(sample, temperature: temperatures?[sample] ?? 1)[predicted])
      let index = min(max(Int((confidence * Double(Self.binCount)).rounded(.up)) - 1, 0), Self.binCount - 1)
      bins[index].count += 1
      bins[index].confidence += confidence
      bins[index].accuracy += predicted == Int(probabilities.labels[sample]) ? 1 : 0
    }
    error = bins.reduce(0) { sum, bin in sum + abs(bin.accuracy - bin.confidence) } / Double(max(count, 1))
    self.bins = bins.map { bin in
      let divisor = Double(max(bin.count, 1))
      return Bin(count: bin.count, accuracy: bin.accuracy / divisor, confidence: bin.confidence / divisor)
    }
  }

  /// Returns the temperature that minimizes the negative log-likelihood of some samples (Guo and others 2017, section
  /// 4.2).
  ///
  /// The likelihood is convex in 1/T. The search is a golden-section search of ln T between ln 0.01 and ln 100.
  package static func temperature(_ probabilities: ClassProbabilities, _ samples: [Int]) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (log(0.01), log(100.0))
    func loss(_ logarithm: Double) -> Double {
      probabilities.negativeLogLikelihood(samples, temperature: exp(logarithm))
    }
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (leftLoss, rightLoss) = (loss(left), loss(right))
    while high - low > 1e-8 {
      if leftLoss <= rightLoss {
        (high, right, rightLoss) = (right, left, leftLoss)
        left = high - ratio * (high - low)
        leftLoss = loss(left)
      } else {
        (low, left, leftLoss) = (left, right, rightLoss)
        right = low + ratio * (high - low)
        rightLoss = loss(right)
      }
    }
    return exp((low + high) / 2)
  }

  /// Returns the temperature of each sample: fitted on the odd samples for the even ones, and the reverse, so that no
  /// sample influences its own temperature.
  package static func crossFittedTemperatures(_ probabilities: ClassProbabilities) -> [Double] {
    let samples = Array(probabilities.labels.indices)
    let (even, odd) = (samples.filter { $0.isMultiple(of: 2) }, samples.filter { !$0.isMultiple(of: 2) })
    guard !odd.isEmpty else { return samples.map { _ in 1 } }
    let (ofOdd, ofEven) = (temperature(probabilities, odd), temperature(probabilities, even))
    return samples.map { sample in sample.isMultiple(of: 2) ? ofOdd : ofEven }
  }
}
