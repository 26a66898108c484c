import Formats
import Losses
import TestSupport
import Testing

/// Class prototypes as further contrasts, against the definition in float64.
///
/// In every variant of the loss, and in a step of `supcon pretrain`.
struct PrototypeTests {
  /// Classes of 9 samples with two views each; class 4 has no sample, and class 3 a single one.
  private static let samples = [0, 1, 2, 0, 1, 3, 0, 1, 0]
  private static let classCount = 5
  private static let width = 6
  private static let temperature = 0.3
  private static let variants = ReferenceVariant.all(views: 2, cap: 2)

  private func reference(_ variant: ReferenceVariant, rows: [Double]? = nil) -> ReferenceLoss {
    var variant = variant
    variant.prototypes = Self.classCount
    variant.margin = variant.denominator == "one-positive" ? 0.7 : 0
    let labels = Self.samples + Self.samples + Array(0..<Self.classCount)
    let random = LossCase.unitRows(
      count: labels.count, width: Self.width, seed: 8, attraction: 0.6, labels: labels)
    return ReferenceLoss(
      rows: rows ?? random, width: Self.width, labels: labels, temperature: Self.temperature, variant: variant)
  }

  /// Relative errors of the loss and of the gradient of rows and prototypes.
  private func error<Scalar: LossScalar>(_ reference: ReferenceLoss, _: Scalar.Type) throws -> Double {
    let viewCount = 2 * Self.samples.count
    let loss = ContrastiveLoss<Scalar>(
      blocks: RowBlocks(rowCount: viewCount, rowsPerShard: 4, ranks: 1), width: Self.width,
      temperature: Self.temperature, variant: try reference.variant.lossVariant,
      rowOrder: RowOrder(samplesPerGroup: Self.samples.count, views: 2), prototypeCount: Self.classCount, threads: 2)
    var rounded = reference
    rounded.rows = reference.rows.map { element in Double(Scalar(element)) }
    let result = loss.lossAndGradient(
      of: rounded.rows.map { element in Scalar(element) }, classes: RowClasses(labels: reference.labels))
    let (value, gradient) = rounded.valueAndGradient()
    try #require(result.gradient.count == gradient.count)
    return abs(result.loss - value) + largestDifference(result.gradient.map { element in Double(element) }, gradient)
  }

  @Test(arguments: variants)
  func `prototypes are contrasts and positives in every variant`(variant: ReferenceVariant) throws {
    let reference = reference(variant)
    #expect(try error(reference, Double.self) < 1e-12)
    #expect(try error(reference, Float.self) < 2e-6)
    // The prototypes of classes with and without samples have a gradient.
    let gradient = reference.gradient().suffix(Self.classCount * Self.width)
    #expect(gradient.allSatisfy { element in element != 0 })
  }

  @Test(arguments: ["all", "one-positive", "only-negatives"])
  func `the definition with prototypes has the gradient of its value`(denominator: String) {
    let reference = reference(ReferenceVariant(denominator: denominator, positivesCap: 2, views: 2))
    for (analytic, numeric) in zip(reference.gradient(), reference.differences { loss in loss.value() }) {
      #expect(abs(analytic - numeric) < 1e-8)
    }
  }

  @Test(arguments: variants)
  func `collapse value and lower bound count the prototypes`(variant: ReferenceVariant) throws {
    let classSizes = (0..<Self.classCount).map { label in 2 * Self.samples.count { sample in sample == label } + 1 }
    let rowCount = classSizes.reduce(0, +)
    let equal = reference(variant, rows: (0..<rowCount).flatMap { _ in [0.6, 0, 0, 0.8, 0, 0] })
    let lossVariant = try equal.variant.lossVariant
    #expect(abs(equal.value() - lossVariant.collapseValue(classSizes: classSizes, views: 2)) < 1e-12)
    #expect(lossVariant.anchorCount(classSizes: classSizes, views: 2) == equal.anchors)

    var loss = reference(variant)
    loss.descend(steps: 100)
    let bound = lossVariant.lowerBound(classSizes: classSizes, views: 2, temperature: Self.temperature)
    #expect(bound <= loss.value() + 1e-9)
    #expect(bound > loss.value() - 2.5, "\(loss.value())")
  }

  /// The prototypes of the first step are those of a checkpoint before it.
  @Test func `a step of pretrain has the gradients of the definition`() throws {
    let directory = try TemporaryDirectory()
    let supcon = try builtExecutable("supcon")
    let options = [
      "pretrain", "--prototypes", "--model", "resnet8", "--shapes-train", "96", "--shapes-test", "32", "--batch-size",
      "24", "--shard-size", "4", "--embedding-width", "16", "--temperature", "0.2", "--precision", "float32",
    ]
    func run(_ ranks: Int, _ name: String, _ more: [String]) throws {
      let result = try runUnderMPI(ranks: ranks, supcon, options + more + ["--output", directory.file(name)])
      #expect(result.exitCode == 0, "\(result)")
    }
    try run(1, "before", ["--steps", "0"])
    try run(1, "one", ["--steps", "1", "--dump-step", "1", directory.file("dump")])
    try run(3, "three", ["--steps", "1", "--dump-step", "1", directory.file("dump-of-three")])

    let checkpoint = try SafetensorsFile(path: directory.file("before/checkpoints/step-00000000.safetensors"))
    let classCount = try #require(checkpoint.entries["prototypes.weight"]?.shape.first)
    let prototypes = try checkpoint.floats("prototypes.weight", shape: [classCount, 16]).map { Double($0) }
    func dumped(_ name: String, of dump: String = "dump") throws -> [Double] {
      let file = try NumPyFile(path: directory.file("\(dump)/\(name).npy"))
      return try file.doubles(0..<file.shape.reduce(1, *))
    }
    let labels = try NumPyFile(path: directory.file("dump/labels.npy")).integers(0..<48).map { label in Int(label) }
    var loss = ReferenceLoss(
      rows: try dumped("embeddings") + prototypes, width: 16, labels: labels + Array(0..<classCount), temperature: 0.2)
    loss.variant.prototypes = classCount
    let ofRows = loss.normalized.gradient().prefix(48 * 16)
    let ofPrototypes = loss.gradientThroughNormalization().suffix(classCount * 16)
    let losses = try dumped("anchor-losses")
    #expect(abs(losses.reduce(0, +) / 48 - loss.normalized.value()) < 1e-5)
    #expect(largestDifference(try dumped("embedding-gradients"), Array(ofRows)) < 1e-6)
    #expect(largestDifference(try dumped("gradients/prototypes.weight"), Array(ofPrototypes)) < 1e-6)
    #expect(ofPrototypes.allSatisfy { element in abs(element) > 1e-9 })
    for name in ["embedding-gradients", "gradients/prototypes.weight", "gradients/encoder.conv1.weight"] {
      #expect(try dumped(name) == dumped(name, of: "dump-of-three"), "\(name)")
    }
  }
}
