/// Returns evenly spaced indices below `count`, at most `limit` of them; all indices if there are fewer.
///
/// Evenly spaced samples cover all classes even if the dataset is sorted by class.
package func evenlySpaced(_ limit: Int, below count: Int) -> [Int] {
  let shown = min(count, limit)
  return (0..<shown).map { place in place * count / shown }
}
