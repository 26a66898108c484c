import Glibc
import KeyedRandomness

/// Classification by the nearest class mean: the class whose mean, scaled to unit length, has the largest inner product
/// with the sample.
///
/// This is the nearest-class-mean classifier of Mensink, Verbeek, Perronnin and Csurka 2013 on the unit sphere; with a
/// few samples per class, the prototypes of Snell, Swersky and Zemel 2017.
package enum ClassMeans {
  /// Computes the means of classes, scaled to unit length.
  ///
  /// - Parameters:
  ///   - rows: The features, with rows of unit length.
  ///   - samples: The indices of the samples to average; `nil` for all.
  ///   - classCount: The number of classes.
  /// - Returns: The means, `[classes, width]`; zeros for a class without samples.
  package static func means(_ rows: FeatureRows, _ samples: [Int]? = nil, classCount: Int) -> [Float] {
    let width = rows.width
    var sums = [Double](repeating: 0, count: classCount * width)
    for sample in samples ?? Array(0..<rows.count) {
      let first = Int(rows.labels[sample]) * width
      let features = rows[sample]
      for index in 0..<width {
        sums[first + index] += Double(features[features.startIndex + index])
      }
    }
    for label in 0..<classCount {
      let range = label * width..<(label + 1) * width
      let length = sums[range].reduce(0) { sum, element in sum + element * element }.squareRoot()
      guard length > 0 else { continue }
      for index in range {
        sums[index] /= length
      }
    }
    return sums.map { sum in Float(sum) }
  }

  /// Returns the class of the nearest mean for each of some samples; ties go to the class with the lowest index.
  package static func predictions(_ rows: FeatureRows, _ samples: Range<Int>, means: [Float]) throws -> [Int32] {
    let classCount = means.count / rows.width
    let products = try rows.products(samples, with: means)
    return (0..<samples.count).map { row in
      var best = 0
      for label in 1..<max(classCount, 1) where products[row * classCount + label] > products[row * classCount + best] {
        best = label
      }
      return Int32(best)
    }
  }

  /// Draws the indices of `shots` samples of every class without replacement, or of all samples of a smaller class.
  package static func draw(_ rows: FeatureRows, shots: Int, classCount: Int, seed: UInt64, draw: Int) -> [Int] {
    var members = [[Int]](repeating: [], count: classCount)
    for sample in 0..<rows.count {
      members[Int(rows.labels[sample])].append(sample)
    }
    return members.indices.flatMap { label in
      var stream = RandomStream(seed: seed, .fewShot, epoch: draw, sample: label)
      var pool = members[label]
      let count = min(shots, pool.count)
      for place in 0..<count {
        pool.swapAt(place, place + stream.nextInteger(below: pool.count - place))
      }
      return pool[..<count].sorted()
    }
  }

  /// Returns mean and standard deviation (with divisor n − 1) of the accuracies of all draws.
  package static func summary(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { sum, value in sum + (value - mean) * (value - mean) }
    return (mean, (squares / Double(max(values.count - 1, 1))).squareRoot())
  }
}
