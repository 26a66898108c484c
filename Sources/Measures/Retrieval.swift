/// Retrieval of samples of the same class by cosine similarity, with each sample as a query among all others.
///
/// With R other samples of the query's class, the measures are precision@1; R-precision, the fraction of the R nearest
/// samples that are of its class; and MAP@R = 1/R Σ_{i ≤ R} precision@i · [i-th is of its class] (Musgrave, Belongie
/// and Lim 2020, "A Metric Learning Reality Check"). Queries whose class has no other sample are ignored.
package enum Retrieval {
  /// Returns precision@1, R-precision and average precision@R of each query, `[queries, 3]`; −1 if the class has no
  /// other sample.
  package static func values(_ rows: FeatureRows, _ queries: Range<Int>, classCounts: [Int]) throws -> [Double] {
    let products = try rows.products(queries, with: rows.features)
    return queries.flatMap { query in
      let relevant = classCounts[Int(rows.labels[query])] - 1
      guard relevant > 0 else { return [-1.0, -1, -1] }
      let first = (query - queries.lowerBound) * rows.count
      let nearest = nearest(relevant, products[first..<first + rows.count], besides: query)
      var (hits, precisions) = (0, 0.0)
      for (place, sample) in nearest.enumerated() where rows.labels[sample] == rows.labels[query] {
        hits += 1
        precisions += Double(hits) / Double(place + 1)
      }
      let isFirstRight = rows.labels[nearest[0]] == rows.labels[query]
      return [isFirstRight ? 1 : 0, Double(hits) / Double(relevant), precisions / Double(relevant)]
    }
  }

  /// Averages the values over all queries whose class has another sample; `nil` if there is none.
  package static func means(_ values: [Double]) -> (
    precisionAt1: Double, rPrecision: Double, meanAveragePrecision: Double
  )? {
    var (sums, count) = ([0.0, 0.0, 0.0], 0)
    for query in 0..<values.count / 3 where values[3 * query] >= 0 {
      count += 1
      for index in 0..<3 {
        sums[index] += values[3 * query + index]
      }
    }
    guard count > 0 else { return nil }
    let divisor = Double(count)
    return (sums[0] / divisor, sums[1] / divisor, sums[2] / divisor)
  }

  /// Returns the most similar samples in descending order of similarity; ties go to the sample with the lower index.
  package static func nearest(_ count: Int, _ similarities: ArraySlice<Float>, besides query: Int? = nil) -> [Int] {
    // A histogram of similarities limits the sort to slightly more candidates than needed.
    func interval(_ similarity: Float) -> Int { min(max(Int((1 - similarity) * 2048), 0), 4095) }
    var counts = [Int](repeating: 0, count: 4096)
    for similarity in similarities {
      counts[interval(similarity)] += 1
    }
    var (last, sum) = (0, counts[0])
    while last < 4095, sum <= count {
      last += 1
      sum += counts[last]
    }
    var kept: [(similarity: Float, sample: Int)] = []
    kept.reserveCapacity(sum)
    for (sample, similarity) in similarities.enumerated() where sample != query && interval(similarity) <= last {
      kept.append((similarity, sample))
    }
    kept.sort { first, second in
      first.similarity != second.similarity ? first.similarity > second.similarity : first.sample < second.sample
    }
    return kept.prefix(count).map(\.sample)
  }
}
