import Measures
import Testing

/// Ties, classes without samples, rows of zeros, single samples, and odd names; expected values are computed by hand.
struct OddInputTests {
  @Test func `of equal votes the nearest neighbor decides, of equal distances the earlier sample`() throws {
    // At distances 1, 1, 2 and 2 from the query.
    let training = FeatureRows(features: [1, 0, 0, 1, 2, 0, 0, 2], labels: [2, 1, 1, 2], width: 2)
    let query = FeatureRows(features: [0, 0], labels: [0], width: 2)
    let expected: [(k: Int, label: Int32)] = [(1, 2), (2, 2), (3, 1), (4, 2), (9, 2)]
    for (k, label) in expected {
      let search = KNearestNeighbors(k: k, width: 2)
      let norms = search.squaredLengths(training.features)
      let nearest = try search.neighbors(of: query, 0..<1, training, norms)[0]
      #expect(nearest.count == min(k, 4))
      #expect(search.vote(nearest, training.labels) == label, "k \(k)")
    }
  }

  @Test func `of equal weighted votes the lowest class wins, also for a query of length 0`() throws {
    let training = FeatureRows(features: [1, 0, 1, 0, 0, 1], labels: [3, 1, 1], width: 2)
    let queries = FeatureRows(features: [1, 0, 0, 0], labels: [0, 0], width: 2)
    let search = KNearestNeighbors(k: 2, width: 2)
    let norms = search.squaredLengths(training.features)
    let lists = try search.neighbors(of: queries, 0..<2, training, norms)
    for (list, similarity) in zip(lists, [1.0, 0]) {
      #expect(list.map { neighbor in search.similarity(of: neighbor, norms) } == [similarity, similarity])
      #expect(search.weightedVote(list[...], training.labels, norms) == 1)
    }
  }

  @Test func `rows of zeros, which have no direction, lie at the center`() throws {
    let rows = FeatureRows(features: [0, 0, 0, 0, 1, 0], labels: [0, 0, 0], width: 2)
    let summary = AlignmentUniformity.summary(try AlignmentUniformity.values(rows, 0..<3))
    let (alignment, uniformity) = (try #require(summary.alignment), try #require(summary.uniformity))
    // The squared distances of the three pairs are 0, 1 and 1: their mean, and log((1 + 2 exp(−2)) / 3).
    #expect(abs(alignment - 2.0 / 3) < 1e-12 && abs(uniformity + 0.8590675224462252) < 1e-12)
    let training = FeatureRows(features: [1, 0, 0.6, 0.8], labels: [0, 0], width: 2)
    let queries = FeatureRows(features: [1, 0, 0, 0], labels: [0, 0], width: 2)
    let search = KNearestNeighbors(k: 2, width: 2)
    let lists = try search.neighbors(of: queries, 0..<2, training, search.squaredLengths(training.features))
    for (query, expected) in [[0, 0.8], [1, 1]].enumerated() {
      let squares = lists[query].map { near in search.squaredDistance(to: near, from: query, of: queries) }
      #expect(zip(squares, expected).allSatisfy { one, other in abs(one - other) < 1e-6 }, "\(query): \(squares)")
    }
  }

  /// Texts are compared by their bytes: a quote with an accent after it is one character.
  @Test(arguments: [
    ("犬 é", "犬 é"), ("a,b", "\"a,b\""), ("a\r\nb", "\"a\r\nb\""), ("a \"b\"", "\"a \"\"b\"\"\""),
    ("\"\u{301}", "\"\"\"\u{301}\""), (",\u{301}", "\",\u{301}\""),
  ])
  func `a name in CSV has quotes around it, and doubled ones inside, where it needs them`(name: String, field: String) {
    #expect(Array(CSV.field(name).utf8) == Array(field.utf8))
  }

  @Test func `equal distances of outliers and others count half`() {
    // Of 8 pairs, the outlier at 2 wins 1 and ties 2, that at 4 wins 4; 95 % of 4 samples are all 4, up to 3.
    let detection = OutlierDetection(inside: [1, 2, 2, 3], outside: [2, 4])
    #expect(detection.areaUnderROC == 0.75)
    #expect(detection.falsePositiveRate95 == 0.5)
  }

  @Test func `a class without training samples is near to no sample`() {
    // The mean is (5, 1), the covariance the identity.
    let training = FeatureRows(features: [4, 0, 6, 0, 4, 2, 6, 2], labels: [1, 1, 1, 1], width: 2)
    for classCount in [1, 2, 3] {
      let distance = Mahalanobis(training, classCount: classCount).distance([0, 0])
      #expect(abs(distance - 26) < 1e-9, "\(classCount) classes")
    }
  }

  @Test func `a covariance, which takes long for many wide rows, reports progress with every sample`() {
    let training = FeatureRows(features: [4, 0, 6, 0, 4, 2], labels: [0, 1, 1], width: 2)
    for classCount in [1, 2] {
      var progress = 0
      _ = Mahalanobis(training, classCount: classCount) { progress += 1 }
      #expect(progress == 3, "\(classCount) classes")
    }
  }

  @Test func `a class that is neither tested nor predicted has a precision and a recall of 0`() {
    let confusion = ConfusionMatrix(labels: [0, 0, 1], predictions: [0, 1, 1], classCount: 3)
    #expect((0..<3).map(confusion.precision) == [1, 0.5, 0])
    #expect((0..<3).map(confusion.recall) == [0.5, 1, 0])
  }

  @Test func `a score that is not a number ranks last`() {
    #expect(ClassRank.rank(of: 1, in: [0.1, .nan, 0.3]) == 3)
    #expect(ClassRank.rank(of: 0, in: [0.1, .nan, 0.3]) == 1)
  }

  @Test func `a single image has no calibration of others, no other to retrieve, and one cluster`() throws {
    let probabilities = ClassProbabilities(logits: [0, 1], labels: [1], classCount: 2)
    #expect(Calibration.crossFittedTemperatures(probabilities) == [1])
    let rows = FeatureRows(features: [1, 0], labels: [0], width: 2)
    #expect(try Retrieval.values(rows, 0..<1, classCounts: [1, 0]) == [-1, -1, -1])
    let agreement = ClusteringAgreement([0], [0])
    #expect(agreement.normalized == 1 && agreement.adjusted == 1)
  }

  @Test func `clusters of images of one class say nothing about it`() {
    let agreement = ClusteringAgreement([0, 0, 0, 0], [0, 0, 1, 1])
    #expect(abs(agreement.normalized) < 1e-12 && abs(agreement.adjusted) < 1e-12)
  }
}
