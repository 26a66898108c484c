import Datasets
import Formats
import Measures

/// The plots of an evaluation for TensorBoard: histograms, and tables for the embedding projector.
package struct EvaluationFigures {
  /// The number of samples whose pairwise similarities are in the histograms.
  private static let comparedSamples = 400
  private static let projectedSamples = 1000
  /// The largest number of elements of a projector table, which a browser must load.
  private static let projectedElements = 256 << 10

  private let representations: FeatureRows
  private let projections: FeatureRows?
  private let classNames: [String]
  private let name: (Int) -> String

  /// Creates the plots of features.
  ///
  /// - Parameters:
  ///   - representations: The representations of samples.
  ///   - projections: The outputs of the projection head, not scaled to unit length; `nil` without a projection head.
  ///   - classNames: The names of the classes.
  ///   - name: Returns the name of a sample by its index.
  package init(
    representations: FeatureRows, projections: FeatureRows?, classNames: [String], name: @escaping (Int) -> String
  ) {
    self.representations = representations
    self.projections = projections
    self.classNames = classNames
    self.name = name
  }

  /// The norms of representations and embeddings, and the cosine similarities of pairs of the same class and of
  /// different classes, or of all pairs of images without labels.
  package var histograms: [(tag: String, value: TensorBoardWriter.Value)] {
    var histograms = [("evaluation/representation_norms", Self.lengths(representations))]
    if let projections {
      histograms.append(("evaluation/embedding_norms", Self.lengths(projections)))
    }
    let (same, other) = similarities(projections ?? representations)
    histograms.append(("evaluation/similarities\(classNames.count > 1 ? "_same_class" : "")", same))
    histograms.append(("evaluation/similarities_other_classes", other))
    return histograms.filter { _, values in !values.isEmpty }.map { tag, values in
      (tag, .histogram(TensorBoardHistogram(of: values)))
    }
  }

  /// The features of some samples, scaled to unit length, with their classes and names.
  package var projected: [TensorBoardProjector.Embeddings] {
    let sets = [("representations", representations)] + (projections.map { rows in [("embeddings", rows)] } ?? [])
    return sets.filter { _, rows in rows.count > 0 }.map { title, rows in
      let count = max(1, min(Self.projectedSamples, Self.projectedElements / rows.width))
      let samples = evenlySpaced(count, below: rows.count)
      return TensorBoardProjector.Embeddings(
        name: title, width: rows.width, elements: samples.flatMap { sample in Self.unit(rows[sample]) },
        metadata: [
          ("class", samples.map { sample in classNames[Int(rows.labels[sample])] }), ("image", samples.map(name)),
        ])
    }
  }

  private static func lengths(_ rows: FeatureRows) -> [Float] {
    (0..<rows.count).map { row in length(rows[row]) }
  }

  private static func length(_ row: ArraySlice<Float>) -> Float {
    row.reduce(0) { sum, element in sum + element * element }.squareRoot()
  }

  private static func unit(_ row: ArraySlice<Float>) -> [Float] {
    let length = length(row)
    return row.map { element in length > 0 ? element / length : 0 }
  }

  private func similarities(_ rows: FeatureRows) -> (same: [Float], other: [Float]) {
    let samples = evenlySpaced(Self.comparedSamples, below: rows.count)
    let units = samples.map { sample in Self.unit(rows[sample]) }
    var (same, other): ([Float], [Float]) = ([], [])
    for first in samples.indices {
      for second in 0..<first {
        let similarity = zip(units[first], units[second]).reduce(Float(0)) { sum, pair in sum + pair.0 * pair.1 }
        if rows.labels[samples[first]] == rows.labels[samples[second]] {
          same.append(similarity)
        } else {
          other.append(similarity)
        }
      }
    }
    return (same, other)
  }
}
