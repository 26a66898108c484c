import OneDNN

/// The features of labeled samples: a matrix `[samples, width]` and one label per row.
package struct FeatureRows: Sendable {
  /// The features, row-major.
  package let features: [Float]
  /// The class of each sample.
  package let labels: [Int32]
  /// The number of features per sample.
  package let width: Int

  /// Creates the value from features `[samples, width]` and labels.
  package init(features: [Float], labels: [Int32], width: Int) {
    precondition(features.count == labels.count * width, "\(features.count) features for \(labels.count) of \(width)")
    self.features = features
    self.labels = labels
    self.width = width
  }

  /// The number of samples.
  package var count: Int { labels.count }

  /// The features of one sample.
  package subscript(sample: Int) -> ArraySlice<Float> { features[sample * width..<(sample + 1) * width] }

  /// Returns the squared length of a row that was scaled to unit length: 1, or 0 for a row of zeros, which cannot be.
  package func unitSquare(_ sample: Int) -> Double {
    self[sample].contains { element in element != 0 } ? 1 : 0
  }

  /// Returns the rows of some samples, in that order.
  package func rows(of samples: [Int]) -> FeatureRows {
    FeatureRows(
      features: samples.flatMap { sample in self[sample] }, labels: samples.map { sample in labels[sample] },
      width: width)
  }

  /// Returns the fraction of rows whose label equals the predicted class.
  package func accuracy(of predictions: some Sequence<Int32>) -> Double {
    Double(zip(labels, predictions).count { label, prediction in label == prediction }) / Double(count)
  }

  /// Returns the inner products of a range of samples with all rows of the matrix `others`,
  /// `[samples, rows of others]`.
  package func products(_ samples: Range<Int>, with others: [Float]) throws(DNNLError) -> [Float] {
    let rows = others.count / width
    var products = [Float](repeating: 0, count: samples.count * rows)
    let queries = Array(features[samples.lowerBound * width..<samples.upperBound * width])
    var elements = products.mutableSpan
    try elements.product(
      rows: samples.count, columns: rows, depth: width, queries.span, .none, others.span, .transposed)
    return products
  }
}
