/// Returns the median of numbers in any order; `nil` if there are none.
package func median(_ values: [Double]) -> Double? {
  median(ofSorted: values.sorted())
}

/// Returns the median of numbers in ascending order; `nil` if there are none.
package func median(ofSorted sorted: [Double]) -> Double? {
  guard !sorted.isEmpty else { return nil }
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
