/// Returns the median; `nil` for no numbers.
package func median(_ values: [Double]) -> Double? {
  median(ofSorted: values.sorted())
}

/// The median of ascending values; `nil` without any.
package func median(ofSorted sorted: [Double]) -> Double? {
  guard !sorted.isEmpty else { return nil }
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
