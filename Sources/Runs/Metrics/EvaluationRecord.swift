/// The record of an evaluation of the encoder during training (`--evaluate-epochs`), never on the test set.
///
/// Images (queries) are classified by reference samples, which are training images. Measures that need labels are `nil`
/// for unlabeled images.
package struct EvaluationRecord: MetricsRecord {
  package static let kind = "evaluation"
  package static let namesWithoutCurve: Set<String> = ["step", "epoch", "query_samples", "reference_samples"]

  /// The measures of one set of weights.
  package struct Measures: Sendable, Equatable {
    /// The accuracy of weighted k-NN with k 20.
    package var knn20Top1: Double?
    /// The accuracy of weighted k-NN with k 200.
    package var knn200Top1: Double?
    /// The accuracy of the nearest class mean.
    package var classMeansTop1: Double?
    /// The accuracy of a linear classifier on the representations.
    package var linearProbeTop1: Double?
    /// The accuracy of the run's own classifier, if it has one and the queries are held out.
    package var classifierTop1: Double?
    /// The mean of ‖x − y‖² over pairs of queries of one class.
    package var alignment: Double?
    /// The log of the mean of exp(−2 ‖x − y‖²) over pairs of queries.
    package var uniformity: Double?

    /// Creates a value without measures.
    package init() {}
  }

  /// The number of steps taken.
  package var step: Int
  /// The number of epochs trained, with a fraction.
  package var epoch: Double
  /// The split of the queries: `validation`, or `train` (on which the encoder is trained) if no images are held out.
  package var queries: String
  /// The number of queries, which are the images that were classified.
  package var querySamples: Int
  /// The number of labeled samples among which the nearest neighbors of a query are found.
  package var referenceSamples: Int
  /// The measures of the weights after the step.
  package var measures = Measures()
  /// The measures of the averaged weights (`--weight-average`), if there are any; their fields begin with `average_`.
  package var averageMeasures: Measures?
  /// The duration of the evaluation in seconds.
  package var seconds: Double

  /// Creates a record without measures.
  package init(step: Int, epoch: Double, queries: String, querySamples: Int, referenceSamples: Int) {
    self.step = step
    self.epoch = epoch
    self.queries = queries
    self.querySamples = querySamples
    self.referenceSamples = referenceSamples
    seconds = 0
  }
}

// MARK: - One flat object

extension EvaluationRecord.Measures {
  /// The measures by the names of their fields.
  fileprivate static let fields: [(name: String, path: WritableKeyPath<Self, Double?> & Sendable)] = [
    ("knn20_weighted_top1", \.knn20Top1), ("knn200_weighted_top1", \.knn200Top1),
    ("class_means_top1", \.classMeansTop1), ("linear_probe_top1", \.linearProbeTop1),
    ("classifier_top1", \.classifierTop1), ("alignment", \.alignment), ("uniformity", \.uniformity),
  ]
}

extension EvaluationRecord {
  private struct Field: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// Decodes a record; measures that are missing are `nil`.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    self.init(
      step: try fields.decode(Int.self, forKey: Field("step")),
      epoch: try fields.decode(Double.self, forKey: Field("epoch")),
      queries: try fields.decode(String.self, forKey: Field("queries")),
      querySamples: try fields.decode(Int.self, forKey: Field("query_samples")),
      referenceSamples: try fields.decode(Int.self, forKey: Field("reference_samples")))
    seconds = try fields.decode(Double.self, forKey: Field("seconds"))
    measures = try Self.measures(RunWeights.raw, in: fields)
    let average = try Self.measures(RunWeights.average, in: fields)
    averageMeasures = average == Measures() ? nil : average
  }

  private static func measures(
    _ weights: RunWeights, in fields: KeyedDecodingContainer<Field>
  ) throws -> Measures {
    var measures = Measures()
    for (name, path) in Measures.fields {
      measures[keyPath: path] = try fields.decodeIfPresent(Double.self, forKey: Field(weights.fieldPrefix + name))
    }
    return measures
  }

  /// Encodes all fields in one object.
  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(step, forKey: Field("step"))
    try fields.encode(epoch, forKey: Field("epoch"))
    try fields.encode(queries, forKey: Field("queries"))
    try fields.encode(querySamples, forKey: Field("query_samples"))
    try fields.encode(referenceSamples, forKey: Field("reference_samples"))
    try fields.encode(seconds, forKey: Field("seconds"))
    for (weights, measures) in [(RunWeights.raw, Optional(measures)), (.average, averageMeasures)] {
      for (name, path) in Measures.fields {
        try fields.encodeIfPresent(measures?[keyPath: path], forKey: Field(weights.fieldPrefix + name))
      }
    }
  }
}
