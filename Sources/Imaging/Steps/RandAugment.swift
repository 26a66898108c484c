import KeyedRandomness

/// The RandAugment operation: N random operations, all with the same magnitude.
struct RandAugment: AugmentationStep {
  /// The implementation that defines the set of operations and their magnitudes.
  enum Code: String, Sendable, CaseIterable {
    /// The official TensorFlow code: 16 operations and the identity, magnitudes up to 10.
    case tensorflow
    /// torchvision: 13 operations and the identity, magnitudes up to 30.
    case torchvision
  }

  var operations = 2
  var magnitude = 10.0
  var levels = Code.tensorflow

  let name = "random-operations"
  let summary = "applies RandAugment's random operations, without the crop and flip of preset randaugment"
  var withDefaults: RandAugment { RandAugment() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<RandAugment>] {
    [
      .integer("operations", \.operations, in: 0...20, "how many, one after another"),
      .number("magnitude", \.magnitude, in: 0...30, "how strong each is: to 10, or to 30 with torchvision's levels"),
      .choice("levels", \.levels, "whose operations, and whose reading of the magnitude"),
    ]
  }

  private static let official: [ImageOperation] = [
    .autoContrast, .equalize, .invert, .rotate, .posterize, .solarize, .color, .contrast, .brightness, .sharpness,
    .shearX, .shearY, .translateX, .translateY, .cutout, .solarizeAdd,
  ]

  private static let torchvision: [ImageOperation] = [
    .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color, .contrast, .sharpness, .posterize,
    .solarize, .autoContrast, .equalize,
  ]

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    let choices = levels == .tensorflow ? Self.official : Self.torchvision
    let scale = MagnitudeScale(top: levels == .tensorflow ? 10 : 30, cutoutPixels: 40, translationPixels: 100)
    let range = levels == .tensorflow ? MagnitudeConvention.tensorflow : .torchvision
    for _ in 0..<operations {
      let choice = stream.nextInteger(below: choices.count + 1)
      // The last choice is the identity.
      guard choice < choices.count else { continue }
      range.apply(choices[choice], level: min(magnitude, scale.top), scale, to: workspace, &stream)
    }
  }
}
