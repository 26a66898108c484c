/// Numbers at equal distances below a count, at most `limit` of them; all where there are fewer.
///
/// Samples are taken so because datasets are often in the order of their classes.
package func evenlySpaced(_ limit: Int, below count: Int) -> [Int] {
  let shown = min(count, limit)
  return (0..<shown).map { place in place * count / shown }
}
