import Glibc

/// The two principal components of a set of vectors, computed by block power iteration.
///
/// No random numbers are used, and the sign of each component makes its largest coordinate positive, so that equal
/// input gives the same map.
package struct PrincipalComponents {
  /// The coordinates of every vector along both components.
  package let points: [(x: Double, y: Double)]
  /// The fractions of the total variance that the components explain.
  package let shares: (x: Double, y: Double)

  /// The number of directions that are iterated together; more than two, so that close variances are separated.
  private static let blockSize = 10
  private static let iterations = 60

  /// Projects vectors, `[count, width]`, after subtracting their mean.
  package init(rows: [Float], width: Int) {
    let count = rows.count / max(width, 1)
    let centered = Self.centered(rows, count, width)
    let total = centered.reduce(0) { sum, element in sum + element * element }
    let block = min(Self.blockSize, width)
    // The initial directions are the axes of largest variance, slightly rotated so that none is orthogonal to an
    // eigenvector.
    var directions = (0..<block).map { index in
      (0..<width).map { column in cos(Double((index + 1) * (column + 1))) }
    }
    Self.orthonormalize(&directions)
    for _ in 0..<Self.iterations {
      directions = directions.map { direction in
        Self.transposedProduct(centered, Self.product(centered, direction, count, width), count, width)
      }
      Self.orthonormalize(&directions)
    }
    let projections = directions.map { direction in Self.product(centered, direction, count, width) }
    let best = Self.leadingPair(of: projections)
    points = (0..<count).map { row in
      (best.x.isEmpty ? 0 : best.x[row], best.y.isEmpty ? 0 : best.y[row])
    }
    func share(_ values: [Double]) -> Double {
      total > 0 ? values.reduce(0) { sum, value in sum + value * value } / total : 0
    }
    shares = (share(best.x), share(best.y))
  }

  private static func centered(_ rows: [Float], _ count: Int, _ width: Int) -> [Double] {
    var means = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for column in 0..<width { means[column] += Double(rows[row * width + column]) }
    }
    // A single division, so that equal rows have exactly their own values as mean.
    for column in 0..<width { means[column] /= Double(max(count, 1)) }
    return rows.indices.map { index in Double(rows[index]) - means[index % width] }
  }

  /// Returns the matrix-vector product X v, where the rows of X are `rows`.
  private static func product(_ rows: [Double], _ vector: [Double], _ count: Int, _ width: Int) -> [Double] {
    (0..<count).map { row in
      var sum = 0.0
      for column in 0..<width { sum += rows[row * width + column] * vector[column] }
      return sum
    }
  }

  /// Returns the matrix-vector product Xᵀ u, where the rows of X are `rows`.
  private static func transposedProduct(_ rows: [Double], _ vector: [Double], _ count: Int, _ width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for column in 0..<width { result[column] += rows[row * width + column] * vector[row] }
    }
    return result
  }

  private static func dot(_ first: [Double], _ second: [Double]) -> Double {
    zip(first, second).reduce(0) { sum, pair in sum + pair.0 * pair.1 }
  }

  /// Orthonormalizes vectors by Gram–Schmidt, twice for accuracy; linearly dependent vectors become zero.
  private static func orthonormalize(_ vectors: inout [[Double]]) {
    for index in vectors.indices {
      for _ in 0..<2 {
        for other in 0..<index {
          let share = dot(vectors[index], vectors[other])
          for column in vectors[index].indices { vectors[index][column] -= share * vectors[other][column] }
        }
        let length = dot(vectors[index], vectors[index]).squareRoot()
        for column in vectors[index].indices { vectors[index][column] *= length > 1e-200 ? 1 / length : 0 }
      }
    }
  }

  /// Returns the two combinations of projections with the largest variance (Rayleigh–Ritz on their Gram matrix).
  private static func leadingPair(of projections: [[Double]]) -> (x: [Double], y: [Double]) {
    let size = projections.count
    var matrix = projections.map { one in projections.map { other in dot(one, other) } }
    let vectors = jacobi(&matrix)
    let order = (0..<size).sorted { one, other in matrix[one][one] > matrix[other][other] }
    let combined = order.prefix(2).map { column -> [Double] in
      var values = [Double](repeating: 0, count: projections.first?.count ?? 0)
      for row in 0..<size {
        for index in values.indices { values[index] += vectors[row][column] * projections[row][index] }
      }
      let largest = values.max { one, other in abs(one) < abs(other) } ?? 0
      return largest < 0 ? values.map { value in -value } : values
    }
    return (combined.first ?? [], combined.count > 1 ? combined[1] : [])
  }

  /// Diagonalizes a symmetric matrix by Jacobi rotations.
  ///
  /// - Returns: The eigenvectors as columns.
  private static func jacobi(_ matrix: inout [[Double]]) -> [[Double]] {
    let size = matrix.count
    var vectors = (0..<size).map { row in (0..<size).map { column in row == column ? 1.0 : 0 } }
    for _ in 0..<30 {
      for p in 0..<size {
        for q in p + 1..<max(size, p + 1) where abs(matrix[p][q]) > 1e-300 {
          let ratio = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
          let tangent = (ratio < 0 ? -1 : 1) / (abs(ratio) + (ratio * ratio + 1).squareRoot())
          let cosine = 1 / (tangent * tangent + 1).squareRoot()
          let sine = tangent * cosine
          for k in 0..<size {
            (matrix[k][p], matrix[k][q]) = (
              cosine * matrix[k][p] - sine * matrix[k][q], sine * matrix[k][p] + cosine * matrix[k][q]
            )
          }
          for k in 0..<size {
            (matrix[p][k], matrix[q][k]) = (
              cosine * matrix[p][k] - sine * matrix[q][k], sine * matrix[p][k] + cosine * matrix[q][k]
            )
            (vectors[k][p], vectors[k][q]) = (
              cosine * vectors[k][p] - sine * vectors[k][q], sine * vectors[k][p] + cosine * vectors[k][q]
            )
          }
        }
      }
    }
    return vectors
  }
}
