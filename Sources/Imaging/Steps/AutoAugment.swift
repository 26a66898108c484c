import KeyedRandomness

/// The AutoAugment operation: one random pair out of a policy's 25, each of its two operations applied with its own
/// probability.
struct AutoAugment: AugmentationStep {
  var policy = AutoAugmentPolicy.cifar10
  var levels = MagnitudeConvention.pytorchAutoAugment

  let name = "autoaugment"
  let summary = "applies one of the 25 pairs of operations of an AutoAugment policy"
  var withDefaults: AutoAugment { AutoAugment() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<AutoAugment>] {
    [
      .choice("policy", \.policy, "which policy"),
      .choice("levels", \.levels, "whose reading of the policy's levels"),
    ]
  }

  private var scale: MagnitudeScale {
    // torchvision's highest AutoAugment level is 9.
    levels == .torchvision ? MagnitudeScale(top: 9) : MagnitudeScale()
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    let pairs = policy.pairs
    let pair = pairs[stream.nextInteger(below: pairs.count)]
    apply(pair.first, to: workspace, &stream)
    apply(pair.second, to: workspace, &stream)
  }

  private func apply(
    _ entry: AutoAugmentPolicy.Entry, to workspace: AugmentationWorkspace, _ stream: inout RandomStream
  ) {
    guard stream.nextEvent(probability: entry.probability) else { return }
    levels.apply(entry.operation, level: entry.level, scale, to: workspace, &stream)
  }
}
