import Evaluation
import Measures
import Testing

/// The measures of `supcon evaluate` beside scikit-learn and float64 NumPy.
struct MeasureTests {
  private let fixture: MeasureFixture
  private let expected: MeasureFixture.Expected

  init() throws {
    fixture = try MeasureFixture.read()
    expected = fixture.expected
  }

  private func neighbors(_ k: Int, of rows: FeatureRows) throws -> (
    search: KNearestNeighbors, norms: [Float], lists: [[KNearestNeighbors.Neighbor]]
  ) {
    let search = KNearestNeighbors(k: k, width: fixture.width)
    let norms = search.squaredLengths(fixture.train)
    return (search, norms, try search.neighbors(of: rows, 0..<rows.count, fixture.trainingRows, norms))
  }

  @Test func `weighted votes of neighbors`() throws {
    let (search, norms, lists) = try neighbors(20, of: fixture.testRows)
    func votes(_ k: Int) -> [Int32?] {
      lists.map { list in search.weightedVote(list.prefix(k), fixture.trainLabels, norms) }
    }
    #expect(votes(5) == expected.weighted5)
    #expect(votes(20) == expected.weighted20)
  }

  @Test func `nearest class means`() throws {
    let means = ClassMeans.means(fixture.trainingRows, classCount: fixture.classes)
    let rows = fixture.testRows
    #expect(try ClassMeans.predictions(rows, 0..<rows.count, means: means) == expected.classMeans)
  }

  @Test func `few-shot draws take so many different samples of every class, others each time`() {
    let rows = fixture.trainingRows
    let draws = (0..<20).map { draw in
      ClassMeans.draw(rows, shots: 5, classCount: fixture.classes, seed: 3, draw: draw)
    }
    for draw in draws {
      #expect(Set(draw).count == 20)
      #expect((0..<4).allSatisfy { label in draw.count { Int(rows.labels[$0]) == label } == 5 })
    }
    #expect(Set(draws).count == 20)
    #expect(draws[7] == ClassMeans.draw(rows, shots: 5, classCount: fixture.classes, seed: 3, draw: 7))
  }

  @Test func `calibration error, likelihood and temperature`() {
    let probabilities = fixture.probabilities
    let temperatures = Calibration.crossFittedTemperatures(probabilities)
    #expect(agree([Calibration(probabilities).error], [expected.ece]))
    #expect(agree([probabilities.negativeLogLikelihood(Array(fixture.testLabels.indices))], [expected.nll]))
    #expect(zip(temperatures, expected.temperatures).allSatisfy { one, other in abs(one - other) < 1e-5 })
    #expect(agree([Calibration(probabilities, temperatures: temperatures).error], [expected.eceScaled]))
  }

  @Test func `precision and recall of classes`() {
    let probabilities = fixture.probabilities
    let confusion = ConfusionMatrix(
      labels: fixture.testLabels,
      predictions: fixture.testLabels.indices.map { Int32(probabilities.predictedClass($0)) },
      classCount: fixture.classes)
    #expect(agree((0..<fixture.classes).map(confusion.precision), expected.precision))
    #expect(agree((0..<fixture.classes).map(confusion.recall), expected.recall))
    #expect(agree([probabilities.topAccuracy(1)], [expected.top1]))
    #expect(confusion.csv(["a", "b,c", "d", "e"]).hasPrefix("true \\ predicted,a,\"b,c\",d,e\na,"))
  }

  @Test func `retrieval among the test samples`() throws {
    let rows = fixture.testRows
    let counts = (0..<fixture.classes).map { label in rows.labels.count { Int($0) == label } }
    let means = Retrieval.means(
      try RowWork.compute(0..<rows.count, threads: 2) { try Retrieval.values(rows, $0, classCounts: counts) })
    #expect(agree([means.precisionAt1, means.rPrecision, means.meanAveragePrecision], expected.retrieval))
  }

  @Test func `a query without another of its class is left out of retrieval`() {
    let means = Retrieval.means([1, 0.5, 0.25, -1, -1, -1])
    #expect(means.precisionAt1 == 1 && means.rPrecision == 0.5 && means.meanAveragePrecision == 0.25)
  }

  @Test func `k-means and the agreement of its clusters with the classes`() throws {
    let centers = fixture.test.prefix(fixture.classes * fixture.width).map { Double($0) }
    let run = try KMeans(fixture.testRows, centers: centers)
    #expect(run.clusters == expected.clusters)
    #expect(agree([run.inertia], [expected.inertia]))
    let agreement = ClusteringAgreement(fixture.testLabels, run.clusters)
    #expect(agree([agreement.normalized, agreement.adjusted], [expected.nmi, expected.ami]))
  }

  @Test func `alignment and uniformity`() throws {
    let rows = fixture.testRows
    let summary = AlignmentUniformity.summary(
      try RowWork.compute(0..<rows.count) { try AlignmentUniformity.values(rows, $0) })
    #expect(agree([summary.alignment, summary.uniformity], [expected.alignment, expected.uniformity]))
  }

  @Test func `distances that tell outliers`() throws {
    func kth(_ rows: FeatureRows) throws -> [Double] {
      try neighbors(10, of: rows).lists.map { list in Double(list[9].distance) }
    }
    let byNeighbors = Detection(inside: try kth(fixture.testRows), outside: try kth(fixture.outlierRows))
    #expect(agree([byNeighbors.areaUnderROC, byNeighbors.falsePositiveRate95], expected.oodKnn))
    let (one, tied) = (
      Mahalanobis(fixture.trainingRows, classCount: 1), Mahalanobis(fixture.trainingRows, classCount: fixture.classes)
    )
    let (rows, outliers) = (fixture.testRows, fixture.outlierRows)
    let inside = (0..<rows.count).map { one.distance(rows[$0]) }
    #expect(agree(inside, expected.mahalanobis))
    #expect(agree((0..<rows.count).map { tied.distance(rows[$0]) }, expected.mahalanobisClasses))
    let detection = Detection(inside: inside, outside: (0..<outliers.count).map { one.distance(outliers[$0]) })
    #expect(agree([detection.areaUnderROC, detection.falsePositiveRate95], expected.oodMahalanobis))
  }

  @Test func `a network as good as AlexNet has an mCE of 100`() {
    let errors = CorruptionErrors.alexNet.mapValues { error in [Double](repeating: error, count: 5) }
    #expect(CorruptionErrors.names.count == 15)
    #expect(agree([CorruptionErrors.mCE(errors)], [100]))
    #expect(agree([CorruptionErrors.relativeMCE(errors, clean: CorruptionErrors.alexNetClean)], [100]))
    #expect(
      agree(
        [CorruptionErrors.meanError(["fog": [0.1, 0.2, 0.3, 0.4, 0.5], "snow": [0.5, 0.5, 0.5, 0.5, 0.5]])], [0.4]))
  }
}
