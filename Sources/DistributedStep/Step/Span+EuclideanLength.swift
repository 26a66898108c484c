extension Span<Float> {
  /// The Euclidean norm, summed in float64 in 8 lanes, in an order that depends only on the number of elements.
  package var euclideanLength: Double {
    let lanes = SIMD8<Double>.scalarCount
    var sums = SIMD8<Double>.zero
    for first in stride(from: 0, to: count / lanes * lanes, by: lanes) {
      var elements = SIMD8<Double>.zero
      for lane in 0..<lanes {
        elements[lane] = Double(self[first + lane])
      }
      sums += elements * elements
    }
    for index in count / lanes * lanes..<count {
      sums[index % lanes] += Double(self[index]) * Double(self[index])
    }
    return sums.sum().squareRoot()
  }
}
