import KeyedRandomness

/// Lloyd's k-means clustering with k-means++ initialization (Arthur and Vassilvitskii 2007) from keyed random numbers.
package struct KMeans {
  private static let iterationLimit = 300

  /// The index of each sample's cluster, from 0 to k − 1.
  package private(set) var clusters: [Int32] = []
  /// The sum of squared distances to the nearest center, Σ ‖x − center‖².
  package private(set) var inertia = 0.0

  /// Clusters rows into `k` clusters, beginning with centers that are drawn from `seed` and `restart`.
  ///
  /// - Parameters:
  ///   - rows: The rows, at least `k`.
  ///   - k: The number of clusters.
  ///   - seed: The random seed.
  ///   - restart: The number of the restart, which draws other centers.
  ///   - progressed: Called after every drawn center and every iteration, for a watchdog.
  /// - Throws: `DNNLError` if a matrix product fails.
  package init(_ rows: FeatureRows, k: Int, seed: UInt64, restart: Int, progressed: () -> Void = {}) throws {
    let centers = Self.drawnCenters(rows, k: k, seed: seed, restart: restart, progressed: progressed)
    try self.init(rows, centers: centers, progressed: progressed)
  }

  /// Clusters rows, beginning with given centers `[k, width]`, until no sample changes its cluster or after 300
  /// iterations; calls `progressed` after each.
  package init(_ rows: FeatureRows, centers: [Double], progressed: () -> Void = {}) throws {
    var centers = centers
    clusters = Array(repeating: -1, count: rows.count)
    for _ in 0..<Self.iterationLimit {
      let (assigned, distances) = try Self.assign(rows, centers)
      inertia = distances.reduce(0, +)
      progressed()
      guard assigned != clusters else { break }
      clusters = assigned
      centers = Self.means(rows, assigned, distances, k: centers.count / rows.width)
    }
  }

  /// Returns the nearest center of each sample, and the squared distance to it.
  private static func assign(_ rows: FeatureRows, _ centers: [Double]) throws -> ([Int32], [Double]) {
    let (width, k) = (rows.width, centers.count / rows.width)
    let products = try rows.products(0..<rows.count, with: centers.map { center in Float(center) })
    let norms = (0..<k).map { center in
      centers[center * width..<(center + 1) * width].reduce(0.0) { sum, element in sum + element * element }
    }
    var (clusters, distances) = ([Int32](), [Double]())
    for sample in 0..<rows.count {
      var best = (cluster: 0, distance: Double.infinity)
      for center in 0..<k {
        let distance = norms[center] - 2 * Double(products[sample * k + center])
        if distance < best.distance {
          best = (center, distance)
        }
      }
      let square = rows[sample].reduce(0.0) { sum, element in sum + Double(element) * Double(element) }
      clusters.append(Int32(best.cluster))
      distances.append(max(best.distance + square, 0))
    }
    return (clusters, distances)
  }

  /// Returns the means of all clusters; an empty cluster gets the sample that is farthest from its center.
  private static func means(_ rows: FeatureRows, _ clusters: [Int32], _ distances: [Double], k: Int) -> [Double] {
    let width = rows.width
    var (sums, counts) = ([Double](repeating: 0, count: k * width), [Int](repeating: 0, count: k))
    for sample in 0..<rows.count {
      let (first, features) = (Int(clusters[sample]) * width, rows[sample])
      counts[Int(clusters[sample])] += 1
      for index in 0..<width {
        sums[first + index] += Double(features[features.startIndex + index])
      }
    }
    var farthest = distances.indices.sorted { one, other in distances[one] > distances[other] }.makeIterator()
    for cluster in 0..<k {
      if counts[cluster] == 0, let sample = farthest.next() {
        sums.replaceSubrange(cluster * width..<(cluster + 1) * width, with: rows[sample].map { Double($0) })
        counts[cluster] = 1
      }
      for index in cluster * width..<(cluster + 1) * width {
        sums[index] /= Double(counts[cluster])
      }
    }
    return sums
  }

  private static func drawnCenters(
    _ rows: FeatureRows, k: Int, seed: UInt64, restart: Int, progressed: () -> Void
  ) -> [Double] {
    var stream = RandomStream(seed: seed, .clustering, epoch: restart)
    var centers: [Double] = []
    var nearest = [Double](repeating: .infinity, count: rows.count)
    var chosen = stream.nextInteger(below: rows.count)
    for _ in 0..<k {
      let center = rows[chosen].map { element in Double(element) }
      centers += center
      for sample in 0..<rows.count {
        let distance = zip(rows[sample], center).reduce(0.0) { sum, pair in
          sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1)
        }
        nearest[sample] = min(nearest[sample], distance)
      }
      var rest = Double(stream.nextUniform()) * nearest.reduce(0, +)
      chosen = nearest.indices.last { sample in nearest[sample] > 0 } ?? 0
      for sample in nearest.indices {
        rest -= nearest[sample]
        if rest < 0 {
          chosen = sample
          break
        }
      }
      progressed()
    }
    return centers
  }
}
