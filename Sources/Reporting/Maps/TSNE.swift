import Dispatch
import Glibc

/// A two-dimensional map of vectors by exact t-SNE (van der Maaten and Hinton 2008, "Visualizing Data using t-SNE").
///
/// All pairs are used, without approximation. Initialization (principal components), early exaggeration, gains,
/// momentum and learning rate are those of scikit-learn's `TSNE(method="exact", init="pca")`.
package struct TSNE {
  /// The coordinates of every vector on the map.
  package let points: [(x: Double, y: Double)]
  /// The Kullback–Leibler divergence Σ p log(p / q) between the similarities of the vectors (p) and on the map (q), in
  /// nats.
  package let divergence: Double
  /// The effective number of neighbors of each vector.
  package let perplexity: Double

  private static let exaggeration: Float = 12
  private static let exaggeratedIterations = 250
  private static let iterations = 1000

  /// Computes the map of vectors, `[count, width]`.
  ///
  /// - Parameters:
  ///   - rows: The vectors.
  ///   - width: The number of elements of a vector.
  ///   - perplexity: The effective number of neighbors of each vector; at most a third of the number of vectors is
  ///     used.
  ///   - threads: The number of threads; the map does not depend on it.
  package init(rows: [Float], width: Int, perplexity: Double = 30, threads: Int = 1) {
    let count = rows.count / max(width, 1)
    self.perplexity = min(perplexity, Double(max(count - 1, 3)) / 3)
    let probabilities = Self.jointProbabilities(
      Self.squaredDistances(rows, count, width), count, self.perplexity)
    var plane = Plane(start: PrincipalComponents(rows: rows, width: width).points)
    let rate = max(Float(count) / Self.exaggeration / 4, 50)
    for iteration in 0..<Self.iterations {
      let isExaggerated = iteration < Self.exaggeratedIterations
      let gradient = plane.gradient(
        probabilities, exaggeration: isExaggerated ? Self.exaggeration : 1, threads: threads)
      plane.move(along: gradient, momentum: isExaggerated ? 0.5 : 0.8, rate: rate)
    }
    points = (0..<count).map { row in (Double(plane.x[row]), Double(plane.y[row])) }
    divergence = plane.divergence(probabilities)
  }

  /// Returns ‖a − b‖² of all pairs of vectors, `[count, count]`.
  private static func squaredDistances(_ rows: [Float], _ count: Int, _ width: Int) -> [Double] {
    var distances = [Double](repeating: 0, count: count * count)
    for one in 0..<count {
      for other in 0..<one {
        var sum: Float = 0
        for column in 0..<width {
          let difference = rows[one * width + column] - rows[other * width + column]
          sum += difference * difference
        }
        distances[one * count + other] = Double(sum)
        distances[other * count + one] = Double(sum)
      }
    }
    return distances
  }

  /// Returns the symmetric probabilities p of all pairs, whose sum is 1; 0 for a vector with itself.
  private static func jointProbabilities(_ distances: [Double], _ count: Int, _ perplexity: Double) -> [Float] {
    var conditional = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      let own = (0..<count).map { other in distances[row * count + other] }
      let probabilities = conditionalProbabilities(own, of: row, entropy: log(perplexity))
      for other in 0..<count { conditional[row * count + other] = probabilities[other] }
    }
    let scale = 1 / (2 * Double(max(count, 1)))
    return (0..<count * count).map { index in
      let (row, column) = (index / count, index % count)
      return row == column ? 0 : Float(max((conditional[index] + conditional[column * count + row]) * scale, 1e-12))
    }
  }

  /// Returns normalized exp(−β d) over distances d, where β is found by bisection so that the distribution has a given
  /// entropy.
  private static func conditionalProbabilities(_ distances: [Double], of row: Int, entropy: Double) -> [Double] {
    var (low, high, beta) = (0.0, Double.infinity, 1.0)
    let nearest = distances.indices.filter { index in index != row }.map { index in distances[index] }.min() ?? 0
    var probabilities = distances
    for _ in 0..<100 {
      var (sum, weighted) = (0.0, 0.0)
      for index in distances.indices {
        // Relative to the nearest vector, so that not all probabilities underflow.
        probabilities[index] = index == row ? 0 : exp(-beta * (distances[index] - nearest))
        sum += probabilities[index]
        weighted += probabilities[index] * (distances[index] - nearest)
      }
      for index in probabilities.indices { probabilities[index] /= max(sum, 1e-300) }
      let difference = log(max(sum, 1e-300)) + beta * weighted / max(sum, 1e-300) - entropy
      if abs(difference) <= 1e-5 { break }
      if difference > 0 {
        low = beta
        beta = high.isFinite ? (beta + high) / 2 : beta * 2
      } else {
        high = beta
        beta = (beta + low) / 2
      }
    }
    return probabilities
  }
}

/// The points of a map and their velocities during the optimization.
private struct Plane {
  private(set) var x: [Float]
  private(set) var y: [Float]
  private var velocity: [SIMD2<Float>]
  private var gains: [SIMD2<Float>]

  /// Creates points from initial coordinates, scaled so that x has a standard deviation of 10⁻⁴.
  init(start: [(x: Double, y: Double)]) {
    let mean = start.reduce(0) { sum, point in sum + point.x } / Double(max(start.count, 1))
    let variance =
      start.reduce(0) { sum, point in sum + (point.x - mean) * (point.x - mean) } / Double(max(start.count, 1))
    let scale = variance > 0 ? 1e-4 / variance.squareRoot() : 1
    x = start.map { point in Float(point.x * scale) }
    y = start.map { point in Float(point.y * scale) }
    velocity = Array(repeating: .zero, count: start.count)
    gains = Array(repeating: .one, count: start.count)
  }

  /// Returns the gradient 4 Σ_j (e p − q) w (y_i − y_j) for each point i, where w = 1 / (1 + ‖y_i − y_j‖²), q = w / Σ
  /// w, and e is the exaggeration.
  func gradient(_ probabilities: [Float], exaggeration: Float, threads: Int) -> [SIMD2<Float>] {
    let count = x.count
    var attraction = [SIMD2<Float>](repeating: .zero, count: count)
    var repulsion = [SIMD2<Float>](repeating: .zero, count: count)
    var sums = [Float](repeating: 0, count: count)
    let workers = max(1, min(threads, count))
    unsafe attraction.withUnsafeMutableBufferPointer { attraction in
      unsafe repulsion.withUnsafeMutableBufferPointer { repulsion in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          // Safe: each worker writes rows of its own.
          nonisolated(unsafe) let (attraction, repulsion, sums) = unsafe (attraction, repulsion, sums)
          DispatchQueue.concurrentPerform(iterations: workers) { worker in
            for row in stride(from: worker, to: count, by: workers) {
              let forces = forces(on: row, probabilities)
              unsafe attraction[row] = forces.attraction
              unsafe repulsion[row] = forces.repulsion
              unsafe sums[row] = forces.sum
            }
          }
        }
      }
    }
    let total = Float(max(sums.reduce(0) { sum, one in sum + Double(one) }, 1e-30))
    return attraction.indices.map { row in 4 * (exaggeration * attraction[row] - repulsion[row] / total) }
  }

  /// Returns the terms of one point i's gradient: Σ_j p w (y_i − y_j), Σ_j w² (y_i − y_j), and Σ_{j≠i} w.
  ///
  /// p is the probability of the pair (i, j) among the vectors, and w = 1 / (1 + ‖y_i − y_j‖²).
  private func forces(
    on row: Int, _ probabilities: [Float]
  ) -> (attraction: SIMD2<Float>, repulsion: SIMD2<Float>, sum: Float) {
    let count = x.count
    let (ownX, ownY) = (x[row], y[row])
    var (pull, push) = (SIMD2<Float>.zero, SIMD2<Float>.zero)
    // Subtracts the row's own weight, which is 1.
    var sum: Float = -1
    var (pullX, pullY, pushX, pushY, sums) = (
      SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero
    )
    let whole = count / 8 * 8
    for first in stride(from: 0, to: whole, by: 8) {
      let (dx, dy) = (ownX - Self.lanes(x, first), ownY - Self.lanes(y, first))
      let weight = 1 / (1 + dx * dx + dy * dy)
      let (pulled, pushed) = (Self.lanes(probabilities, row * count + first) * weight, weight * weight)
      sums += weight
      pullX += pulled * dx
      pullY += pulled * dy
      pushX += pushed * dx
      pushY += pushed * dy
    }
    for other in whole..<count {
      let difference = SIMD2(ownX - x[other], ownY - y[other])
      let weight = 1 / (1 + (difference * difference).sum())
      sum += weight
      pull += probabilities[row * count + other] * weight * difference
      push += weight * weight * difference
    }
    return (pull + SIMD2(pullX.sum(), pullY.sum()), push + SIMD2(pushX.sum(), pushY.sum()), sum + sums.sum())
  }

  /// Returns eight consecutive elements, beginning with index `first`.
  private static func lanes(_ elements: [Float], _ first: Int) -> SIMD8<Float> {
    precondition(first + 8 <= elements.count, "eight elements from \(first) on of \(elements.count)")
    return unsafe elements.withUnsafeBytes { bytes in
      unsafe bytes.loadUnaligned(fromByteOffset: first * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
    }
  }

  /// Performs one step of gradient descent with momentum and a gain per coordinate.
  mutating func move(along gradient: [SIMD2<Float>], momentum: Float, rate: Float) {
    for row in x.indices {
      for axis in 0..<2 {
        let isTurning = velocity[row][axis] * gradient[row][axis] < 0
        gains[row][axis] = max(isTurning ? gains[row][axis] + 0.2 : gains[row][axis] * 0.8, 0.01)
      }
      velocity[row] = momentum * velocity[row] - rate * gains[row] * gradient[row]
      x[row] += velocity[row].x
      y[row] += velocity[row].y
    }
  }

  func divergence(_ probabilities: [Float]) -> Double {
    let count = x.count
    func weight(_ one: Int, _ other: Int) -> Double {
      let (dx, dy) = (Double(x[one] - x[other]), Double(y[one] - y[other]))
      return 1 / (1 + dx * dx + dy * dy)
    }
    var total = 0.0
    for one in 0..<count {
      for other in 0..<count where other != one { total += weight(one, other) }
    }
    var sum = 0.0
    for one in 0..<count {
      for other in 0..<count where other != one {
        let p = Double(probabilities[one * count + other])
        sum += p * log(p / max(weight(one, other) / total, 1e-300))
      }
    }
    return sum
  }
}
