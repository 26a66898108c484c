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

  /// Returns the values of rows, computed in blocks.
  private func values(
    of rows: Range<Int>, width: Int, threads: Int = 1, _ body: @Sendable (Range<Int>) throws -> [Double]
  ) throws -> [Double] {
    var values = [Double](repeating: .nan, count: rows.count * width)
    var places = values.mutableSpan
    try RowWork.compute(rows, width: width, into: &places, threads: threads) { block, _ in try body(block) }
    return values
  }

  // Three blocks, the last of them shorter.
  @Test(arguments: [1, 3])
  func `the values of every row are at its place`(threads: Int) throws {
    let computed = try values(of: 50..<200, width: 2, threads: threads) { rows in
      rows.flatMap { row in [Double(row), Double(-row)] }
    }
    #expect(computed.count == 300)
    for (place, row) in (50..<200).enumerated() {
      #expect(computed[2 * place] == Double(row) && computed[2 * place + 1] == Double(-row), "\(row)")
    }
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
    #expect(agree([probabilities.accuracy.top1], [expected.top1]))
    #expect(confusion.csv(["a", "b,c", "d", "e"]).hasPrefix("true \\ predicted,a,\"b,c\",d,e\na,"))
  }

  @Test func `top-5 is counted above five classes only, where it says something`() {
    // The logits of six classes ascend: a class's rank is its distance from the last.
    let labels: [Int32] = [5, 4, 1, 0]
    let row: [Float] = [0, 1, 2, 3, 4, 5]
    let six = ClassProbabilities(logits: labels.flatMap { _ in row }, labels: labels, classCount: 6).accuracy
    #expect(six.sampleCount == 4 && six.top1Count == 1 && six.top5Count == 3)
    #expect(six.top1 == 0.25 && six.top5 == 0.75)
    let five = TestAccuracy(ranks: [0, 0, 4], classCount: 5)
    #expect(five.top1Count == 2 && five.top5Count == nil && five.top5 == nil)
  }

  @Test func `retrieval among the test samples`() throws {
    let rows = fixture.testRows
    let counts = (0..<fixture.classes).map { label in rows.labels.count { Int($0) == label } }
    let means = try #require(
      Retrieval.means(
        try values(of: 0..<rows.count, width: 3, threads: 2) { queries in
          try Retrieval.values(rows, queries, classCounts: counts)
        }))
    #expect(agree([means.precisionAt1, means.rPrecision, means.meanAveragePrecision], expected.retrieval))
  }

  @Test func `a query without another of its class is left out of retrieval`() throws {
    let means = try #require(Retrieval.means([1, 0.5, 0.25, -1, -1, -1]))
    #expect(means.precisionAt1 == 1 && means.rPrecision == 0.5 && means.meanAveragePrecision == 0.25)
  }

  @Test func `k-means and the agreement of its clusters with the classes`() throws {
    let centers = fixture.test.prefix(fixture.classes * fixture.width).map { Double($0) }
    var iterationCount = 0
    let run = try KMeans(fixture.testRows, centers: centers) { iterationCount += 1 }
    #expect(iterationCount > 1, "a watchdog sees every iteration")
    #expect(run.clusters == expected.clusters)
    #expect(agree([run.inertia], [expected.inertia]))
    let agreement = ClusteringAgreement(fixture.testLabels, run.clusters)
    #expect(agree([agreement.normalized, agreement.adjusted], [expected.nmi, expected.ami]))
  }

  @Test func `alignment and uniformity`() throws {
    let rows = fixture.testRows
    let summary = AlignmentUniformity.summary(
      try values(of: 0..<rows.count, width: 3) { samples in try AlignmentUniformity.values(rows, samples) })
    let (alignment, uniformity) = (try #require(summary.alignment), try #require(summary.uniformity))
    #expect(agree([alignment, uniformity], [expected.alignment, expected.uniformity]))
  }

  @Test func `measures of no pair have no value`() {
    #expect(Retrieval.means([-1, -1, -1, -1, -1, -1]) == nil)
    // Two images, each the only one of its class; then a single image.
    let summary = AlignmentUniformity.summary([0, 0, 0.5, 0, 0, 0.5])
    #expect(summary.alignment == nil && summary.uniformity != nil)
    #expect(AlignmentUniformity.summary([0, 0, 0]).uniformity == nil)
  }

  @Test func `distances that tell outliers`() throws {
    func kth(_ rows: FeatureRows) throws -> [Double] {
      try neighbors(10, of: rows).lists.map { list in Double(list[9].distance) }
    }
    let byNeighbors = OutlierDetection(inside: try kth(fixture.testRows), outside: try kth(fixture.outlierRows))
    #expect(agree([byNeighbors.areaUnderROC, byNeighbors.falsePositiveRate95], expected.oodKnn))
    let (one, tied) = (
      Mahalanobis(fixture.trainingRows, classCount: 1), Mahalanobis(fixture.trainingRows, classCount: fixture.classes)
    )
    let (rows, outliers) = (fixture.testRows, fixture.outlierRows)
    let inside = (0..<rows.count).map { one.distance(rows[$0]) }
    #expect(agree(inside, expected.mahalanobis))
    #expect(agree((0..<rows.count).map { tied.distance(rows[$0]) }, expected.mahalanobisClasses))
    let detection = OutlierDetection(inside: inside, outside: (0..<outliers.count).map { one.distance(outliers[$0]) })
    #expect(agree([detection.areaUnderROC, detection.falsePositiveRate95], expected.oodMahalanobis))
  }

  /// Rows of tables 1 and 2 of Hendrycks and Dietterich 2019: error on clean images, mCE, corruption errors, relative
  /// mCE; in percent.
  struct PublishedErrors: Sendable {
    let network: String
    let clean, mCE: Double
    /// Noise, blur, weather, digital, in the order of the tables.
    let errors: [Double]
    let relativeMCE: Double
  }

  static let published = [
    PublishedErrors(
      network: "SqueezeNet 1.1", clean: 41.8, mCE: 104.4,
      errors: [107, 106, 105, 100, 103, 101, 100, 101, 103, 97, 97, 98, 106, 109, 134], relativeMCE: 117.9),
    PublishedErrors(
      network: "VGG-19", clean: 27.6, mCE: 88.9,
      errors: [89, 91, 95, 89, 98, 90, 90, 89, 86, 75, 68, 80, 97, 102, 94], relativeMCE: 122.9),
    PublishedErrors(
      network: "ResNet-18", clean: 30.2, mCE: 84.7,
      errors: [87, 88, 91, 84, 91, 87, 89, 86, 84, 78, 69, 78, 90, 80, 85], relativeMCE: 103.9),
    PublishedErrors(
      network: "ResNet-50", clean: 23.9, mCE: 76.7,
      errors: [80, 82, 83, 75, 89, 78, 80, 78, 75, 66, 57, 71, 85, 77, 77], relativeMCE: 105.0),
  ]

  // Corruption errors are printed without decimals: their means agree to 0.5, and those of relative ones, of smaller
  // denominators, to 1.
  @Test(arguments: published)
  func `mCE and relative mCE of the paper's tables`(_ row: PublishedErrors) throws {
    let order = [
      "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow",
      "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression",
    ]
    var errors: [String: [Double]] = [:]
    for (name, error) in zip(order, row.errors) {
      let alexNet = try #require(CorruptionErrors.alexNet[name])
      // Severities differ, only their mean counts.
      errors[name] = (-2...2).map { step in error / 100 * alexNet + 0.01 * Double(step) }
    }
    #expect(abs(CorruptionErrors.mCE(errors) - row.mCE) < 0.5)
    #expect(abs(CorruptionErrors.relativeMCE(errors, clean: row.clean / 100) - row.relativeMCE) < 1)
  }

  @Test func `AlexNet's errors are those of the paper`() {
    // Appendix C, in percent.
    let expected = [
      "gaussian_noise": 88.6, "shot_noise": 89.4, "impulse_noise": 92.3, "defocus_blur": 82.0, "glass_blur": 82.6,
      "motion_blur": 78.6, "zoom_blur": 79.8, "snow": 86.7, "frost": 82.7, "fog": 81.9, "brightness": 56.5,
      "contrast": 85.3, "elastic_transform": 64.6, "pixelate": 71.8, "jpeg_compression": 60.7,
    ]
    #expect(expected.keys.sorted() == CorruptionErrors.names)
    for (name, percent) in expected {
      #expect(abs((CorruptionErrors.alexNet[name] ?? 0) * 100 - percent) < 0.051, "\(name)")
    }
    #expect(abs(CorruptionErrors.alexNetClean * 100 - 43.5) < 0.05)
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
