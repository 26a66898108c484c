import KeyedRandomness

/// A named sequence of operations that reproduces a published implementation; small and large views may have different
/// ones.
struct Preset: AugmentationStep {
  /// The largest side of a view that counts as small, in pixels.
  static let smallSide = 64

  let name: String
  let summary: String
  /// The operations for views of at most ``smallSide`` pixels a side.
  private(set) var small: [any AugmentationStep] = []
  /// The operations for larger views.
  private(set) var large: [any AugmentationStep] = []

  // The parameters of RandAugment, for presets that contain it.
  private var operations: Int
  private var magnitude: Double
  private let hasMagnitude: Bool
  private let makeSteps: @Sendable (Bool, RandAugment) -> [any AugmentationStep]

  /// Creates a preset without parameters; `makeSteps` returns its operations for small and for large views.
  init(_ name: String, _ summary: String, _ makeSteps: @escaping @Sendable (_ isSmall: Bool) -> [any AugmentationStep])
  {
    self.init(name, summary, hasMagnitude: false) { isSmall, _ in makeSteps(isSmall) }
  }

  /// Creates a preset whose parameters are RandAugment's number of operations and magnitude.
  init(
    randAugment name: String, _ summary: String,
    _ makeSteps: @escaping @Sendable (_ isSmall: Bool, RandAugment) -> [any AugmentationStep]
  ) {
    self.init(name, summary, hasMagnitude: true, makeSteps)
  }

  private init(
    _ name: String, _ summary: String, hasMagnitude: Bool,
    _ makeSteps: @escaping @Sendable (Bool, RandAugment) -> [any AugmentationStep]
  ) {
    self.name = name
    self.summary = summary
    self.hasMagnitude = hasMagnitude
    self.makeSteps = makeSteps
    operations = RandAugment().operations
    magnitude = RandAugment().magnitude
    remakeSteps()
  }

  private mutating func remakeSteps() {
    var random = RandAugment()
    random.operations = operations
    random.magnitude = magnitude
    small = makeSteps(true, random)
    large = makeSteps(false, random)
  }

  /// The number of RandAugment operations; setting it rebuilds the sequence of operations.
  private var operationsParameter: Int {
    get { operations }
    set {
      operations = newValue
      remakeSteps()
    }
  }

  private var magnitudeParameter: Double {
    get { magnitude }
    set {
      magnitude = newValue
      remakeSteps()
    }
  }

  var withDefaults: Preset { Preset(name, summary, hasMagnitude: hasMagnitude, makeSteps) }
  var values: StepValues { small.contains { step in step.values != .levels } ? .levelsThenFloats : .levels }
  var flipProbabilities: [Double] { small.flatMap { step in step.flipProbabilities } }

  var parameters: [AugmentationParameter<Preset>] {
    hasMagnitude
      ? [
        .integer("operations", \.operationsParameter, in: 0...20, "how many, one after another"),
        .number("magnitude", \.magnitudeParameter, in: 0...10, "how strong each is"),
      ] : []
  }

  var decidesSize: Bool { small.contains { step in step.decidesSize } }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    let isSmall = max(workspace.viewSize.width, workspace.viewSize.height) <= Self.smallSide
    for step in isSmall ? small : large {
      step.apply(to: workspace, &stream)
    }
  }
}
