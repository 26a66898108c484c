extension Span<Float> {
  /// True if no element is NaN or infinite.
  package var isFinite: Bool {
    // Without a branch for each element, the loop is vectorized.
    var magnitude: UInt32 = 0
    for index in indices {
      magnitude = max(magnitude, unsafe self[unchecked: index].magnitude.bitPattern)
    }
    return magnitude < Float.infinity.bitPattern
  }
}
