import Glibc
import KeyedRandomness

/// Classification by the nearest class mean: the mean of a class's unit rows, scaled to unit length, of the largest inner product.
///
/// Nearest-class-mean of Mensink, Verbeek, Perronnin and Csurka 2013 on the unit sphere; with a few samples a class, prototypes of Snell,
/// Swersky and Zemel 2017.
package enum ClassMeans {
  /// Means of classes, scaled to unit length.
  ///
  /// - Parameters:
  ///   - rows: Unit rows.
  ///   - samples: The samples that are averaged; all if absent.
  ///   - classCount: The number of classes.
  /// - Returns: `[classes, width]`; zeros for a class without samples.
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

  /// The class of the nearest mean of each of some samples; ties go to the lowest class.
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

  /// Draws `shots` samples of every class without replacement; all of a class that has no more.
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

  /// The mean and the standard deviation (divided by n − 1) of the accuracies of all draws.
  package static func summary(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { sum, value in sum + (value - mean) * (value - mean) }
    return (mean, (squares / Double(max(values.count - 1, 1))).squareRoot())
  }
}
