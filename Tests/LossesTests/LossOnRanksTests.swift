import Foundation
import TestSupport
import Testing

/// `supcon loss` against the definition, and against itself on other numbers of ranks.
@Suite(.serialized)
struct LossOnRanksTests {
  /// Compares an answer with the definition.
  ///
  /// The loss: relative, or absolute below 1. The gradient in float32: relative to 2/(Mτ), the size of the terms that
  /// cancel in it; in float64: relative to its largest entry.
  private func expectClose(_ answer: LossAnswer, _ batch: LossCase, isDouble: Bool) {
    let reference = batch.reference(rounded: !isDouble)
    let unit = batch.isNormalizing ? reference.normalized : reference
    let (value, unitGradient) = unit.valueAndGradient()
    let gradient = batch.isNormalizing ? reference.gradientThroughNormalization() : unitGradient
    let tolerance = isDouble ? 1e-12 : 1e-5
    let lossError = abs(answer.loss - value) / max(1, abs(value))
    let terms = 2 / (Double(max(unit.anchors, 1)) * batch.temperature)
    let gradientScale = isDouble ? largestMagnitude(gradient) : terms / (batch.isNormalizing ? shortestRow(batch) : 1)
    let difference = largestDifference(answer.gradient, gradient)
    #expect(lossError < tolerance, "\(batch.name): loss \(answer.loss), by the definition \(value)")
    #expect(
      difference <= tolerance * gradientScale,
      "\(batch.name): gradient off by \(difference / gradientScale) of \(gradientScale)")
    #expect(answer.anchors == unit.anchors)
    #expect(answer.lowerBound <= answer.loss + 1e-5)
    if batch.variant.denominator == "all", batch.variant.positivesCap == nil {
      #expect(answer.collapseValue == (unit.anchors > 0 ? log(Double(batch.count - 1)) : 0))
    }
    #expect(answer.gradientHeader.contains(isDouble ? "'<f8'" : "'<f4'"))
    #expect(answer.gradientHeader.contains("(\(batch.count), \(batch.width))"))
    if ProcessInfo.processInfo.environment["SUPCON_TEST_ERRORS"] != nil {
      print(
        "errors \(batch.name) \(isDouble ? "float64" : "float32") loss \(lossError)",
        "gradient \(gradientScale > 0 ? difference / gradientScale : difference)")
    }
  }

  private func shortestRow(_ batch: LossCase) -> Double {
    (0..<batch.count).map { row in
      batch.rows[row * batch.width..<(row + 1) * batch.width].reduce(0) { sum, element in sum + element * element }
        .squareRoot()
    }.min() ?? 1
  }

  /// One rank against the definition, all others against one rank, bit by bit.
  private func check(_ batch: LossCase, isDouble: Bool, ranks: [Int], threads: Int = 1) throws {
    let alone = try batch.run(ranks: 1, isDouble: isDouble)
    expectClose(alone, batch, isDouble: isDouble)
    for count in ranks {
      let answer = try batch.run(ranks: count, isDouble: isDouble, threads: threads)
      #expect(answer == alone, "\(batch.name): other bits on \(count) ranks")
    }
  }

  private static let skewed = LossCase.random(
    "203 rows, few classes", width: 24, labels: LossCase.skewedLabels(count: 203))

  private static let many = LossCase.random(
    "1500 rows, many classes", width: 16, labels: LossCase.manyLabels(count: 1500), temperature: 0.05)

  /// The answers to some batches in one type, on one rank and on others.
  private static func answers(_ cases: [LossCase], isDouble: Bool, ranks: [Int]) -> Result<
    [Int: [LossAnswer]], any Error
  > {
    Result {
      try Dictionary(
        uniqueKeysWithValues: ranks.map { ranks in (ranks, try LossCase.run(cases, ranks: ranks, isDouble: isDouble)) })
    }
  }

  private static let ofClasses = answers([skewed, many], isDouble: false, ranks: [1, 2, 3, 4, 5, 8])
  private static let ofClassesInDouble = answers([skewed, many], isDouble: true, ranks: [1, 2, 3, 4, 5, 8])

  /// Compares the answers to the batch at a place with the definition, and with each other.
  private func check(_ answers: [Int: [LossAnswer]], _ place: Int, _ batch: LossCase, isDouble: Bool) throws {
    let alone = try #require(answers[1])[place]
    expectClose(alone, batch, isDouble: isDouble)
    for (ranks, others) in answers {
      #expect(others[place] == alone, "\(batch.name): other bits on \(ranks) ranks")
    }
  }

  @Test(arguments: [false, true])
  func `few classes give the defined loss on every number of ranks`(isDouble: Bool) throws {
    try check(try (isDouble ? Self.ofClassesInDouble : Self.ofClasses).get(), 0, Self.skewed, isDouble: isDouble)
  }

  @Test(arguments: [false, true])
  func `many classes give the defined loss on every number of ranks`(isDouble: Bool) throws {
    try check(try (isDouble ? Self.ofClassesInDouble : Self.ofClasses).get(), 1, Self.many, isDouble: isDouble)
  }

  @Test func `threads do not change the bits`() throws {
    try check(Self.many, isDouble: false, ranks: [1, 2], threads: 3)
  }

  @Test(arguments: [0.01, 0.05, 1], [false, true])
  func `loss and gradient are exact at every temperature`(temperature: Double, isDouble: Bool) throws {
    let labels = LossCase.skewedLabels(count: 90)
    let batch = LossCase.random("τ = \(temperature)", width: 12, labels: labels, temperature: temperature)
    try check(batch, isDouble: isDouble, ranks: temperature == 0.01 ? [3] : [])
  }

  /// Classes of different sizes in samples of three views, more than a tile's columns and an anchor block's rows.
  private static let inViews: LossCase = {
    let samples = LossCase.manyLabels(count: 20).map { label in label % 4 } + LossCase.skewedLabels(count: 31)
    return LossCase.random("153 rows of three views", width: 10, labels: samples + samples + samples, temperature: 0.07)
  }()

  private static let variants = ReferenceVariant.all(views: 3, cap: 6)

  /// The batch in views with a variant.
  private static func inViews(_ variant: ReferenceVariant) -> LossCase {
    var batch = inViews
    batch.variant = variant
    // Labels and views are given together only where the variant tells views apart.
    batch.variant.views = variant.isOneView || variant.positivesCap != nil ? 3 : 1
    return batch
  }

  private static let inEveryMode = answers(variants.map(inViews), isDouble: false, ranks: [1, 2, 3, 4])
  private static let inEveryModeAndDouble = answers(variants.map(inViews), isDouble: true, ranks: [1])

  @Test(arguments: variants.indices)
  func `every variant gives the defined loss on every number of ranks`(place: Int) throws {
    let batch = Self.inViews(Self.variants[place])
    let answers = try Self.inEveryMode.get()
    try check(answers, place, batch, isDouble: false)
    try check(try Self.inEveryModeAndDouble.get(), place, batch, isDouble: true)
    // The options of the command lead to the same variant.
    #expect(try batch.run(ranks: 1, isDouble: false) == answers[1]?[place])
  }

  @Test func `every variant gives the defined loss over more than one tile`() throws {
    // A tile has 1024 columns. Pairs, and samples alone in their class.
    let samples = (0..<530).map { sample in sample % 5 == 4 ? 1000 + sample : sample % 265 }
    let cases = ReferenceVariant.all(views: 2, cap: 2).map { variant in
      var batch = LossCase.random("1060 rows, \(variant)", width: 6, labels: samples + samples, temperature: 0.05)
      batch.variant = variant
      batch.variant.views = variant.isOneView || variant.positivesCap != nil ? 2 : 1
      return batch
    }
    for (answer, batch) in zip(try LossCase.run(cases, ranks: 1), cases) {
      expectClose(answer, batch, isDouble: false)
    }
  }

  /// Three denominators, inside and outside, at a very low and a high temperature.
  private static let atTemperatures = [0.005, 2].flatMap { temperature in
    ["out", "in"].flatMap { summation in
      ["all", "one-positive", "only-negatives"].map { denominator in
        var batch = LossCase.random(
          "τ = \(temperature)", width: 9, labels: LossCase.skewedLabels(count: 60), temperature: temperature)
        batch.variant.summation = summation
        batch.variant.denominator = denominator
        return batch
      }
    }
  }

  @Test(arguments: [false, true])
  func `every denominator is exact at very low and high temperatures`(isDouble: Bool) throws {
    let answers = try LossCase.run(Self.atTemperatures, ranks: 1, isDouble: isDouble)
    for (answer, batch) in zip(answers, Self.atTemperatures) {
      expectClose(answer, batch, isDouble: isDouble)
    }
  }

  @Test func `a batch of one class has the defined loss in every variant`() throws {
    let cases = ReferenceVariant.all(views: 2, cap: 2).map { variant in
      var batch = LossCase.random("one class, \(variant)", width: 8, labels: Array(repeating: 4, count: 16))
      batch.variant = variant
      batch.variant.views = variant.isOneView || variant.positivesCap != nil ? 2 : 1
      return batch
    }
    for (answer, batch) in zip(try LossCase.run(cases, ranks: 1), cases) {
      expectClose(answer, batch, isDouble: false)
    }
  }

  @Test(arguments: [false, true])
  func `views give SimCLR's loss`(isDouble: Bool) throws {
    let two = (0..<180).map { row in row % 90 }
    try check(.random("2 views", width: 20, labels: two, views: 2), isDouble: isDouble, ranks: [4])
    let five = (0..<65).map { row in row % 13 }
    try check(.random("5 views", width: 20, labels: five, views: 5), isDouble: isDouble, ranks: [])
  }

  @Test(arguments: [false, true])
  func `rows are scaled to unit length and the gradient follows`(isDouble: Bool) throws {
    let labels = LossCase.skewedLabels(count: 77)
    let unit = LossCase.random("scaled", width: 10, labels: labels)
    let lengths = (0..<77).map { row in 0.5 + 0.25 * Double(row % 11) }
    let rows = unit.rows.enumerated().map { index, element in element * lengths[index / 10] }
    let batch = LossCase(name: "scaled", rows: rows, width: 10, labels: labels, isNormalizing: true)
    try check(batch, isDouble: isDouble, ranks: [5])
  }

  @Test func `batches of one class and of all different classes have the defined loss`() throws {
    let one = LossCase.random("one class", width: 8, labels: Array(repeating: 4, count: 64))
    try check(one, isDouble: false, ranks: [3])
    try check(one, isDouble: true, ranks: [])
    let different = LossCase.random("all different", width: 8, labels: Array(0..<50))
    let answer = try different.run(ranks: 2, isDouble: false)
    #expect(answer.loss == 0 && answer.anchors == 0 && answer.lowerBound == 0)
    #expect(answer.gradient == Array(repeating: 0, count: 400))
  }

  @Test(arguments: [[0], [3, 3], [3, 4]])
  func `one and two rows work on more ranks than rows`(labels: [Int]) throws {
    let batch = LossCase.random("\(labels)", width: 6, labels: labels)
    let answer = try batch.run(ranks: 1, isDouble: false)
    // Two rows of one class: ln e^s − s; in all cases nothing can be better.
    #expect(abs(answer.loss) < 1e-6)
    #expect(largestMagnitude(answer.gradient) < 1e-5 / batch.temperature)
    #expect(answer.anchors == (labels == [3, 3] ? 2 : 0))
    #expect(try batch.run(ranks: 3, isDouble: false) == answer)
  }

  @Test func `equal rows have the collapse value`() throws {
    let row = [0.6, 0, -0.8]
    let labels = LossCase.skewedLabels(count: 40)
    let batch = LossCase(name: "collapse", rows: Array((0..<40).map { _ in row }.joined()), width: 3, labels: labels)
    let answer = try batch.run(ranks: 2, isDouble: true)
    #expect(abs(answer.loss - log(39)) < 1e-12)
    #expect(answer.collapseValue == log(39))
  }
}
