/// Out-of-distribution detection by a distance, measured by AUROC and FPR95.
///
/// AUROC is the probability that an outlier has a larger distance than an in-distribution sample, with ties counted
/// half. FPR95 is the fraction of outliers within the smallest distance that includes at least 95 % of the
/// in-distribution samples.
package struct OutlierDetection {
  package let areaUnderROC: Double
  package let falsePositiveRate95: Double

  /// Computes both measures from the distances of in-distribution samples and of outliers.
  package init(inside: [Double], outside: [Double]) {
    let all = (inside.map { ($0, true) } + outside.map { ($0, false) }).sorted { one, other in one.0 < other.0 }
    // The Mann–Whitney statistic: the number of pairs in which the outlier has the larger distance.
    var (index, insideBefore, pairs) = (0, 0, 0.0)
    while index < all.count {
      var end = index
      var (tiedInside, tiedOutside) = (0, 0)
      while end < all.count, all[end].0 == all[index].0 {
        if all[end].1 {
          tiedInside += 1
        } else {
          tiedOutside += 1
        }
        end += 1
      }
      pairs += Double(tiedOutside) * (Double(insideBefore) + Double(tiedInside) / 2)
      insideBefore += tiedInside
      index = end
    }
    areaUnderROC = pairs / (Double(inside.count) * Double(outside.count))
    let needed = (95 * inside.count + 99) / 100
    let threshold = inside.sorted()[max(needed - 1, 0)]
    falsePositiveRate95 =
      Double(outside.count { distance in distance <= threshold }) / Double(outside.count)
  }
}
