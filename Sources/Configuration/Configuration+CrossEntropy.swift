extension Configuration {
  /// Whether there is a contrastive loss, and so a projection head.
  package var isContrasting: Bool { contrastiveWeight > 0 }

  /// Whether there is a cross-entropy, and so a classifier.
  package var isClassifying: Bool { crossEntropyWeight > 0 }

  /// The command that trains such a recipe.
  package var command: TrainingCommand { isContrasting ? .pretrain : .supervised }

  /// What summaries call the loss.
  package var lossName: String {
    isContrasting ? (isClassifying ? "\(loss)+cross-entropy" : loss) : "cross-entropy"
  }

  /// How many classes the classifier tells apart.
  ///
  /// - Throws: ``RunError`` if the recipe was not resolved with its training set.
  package var classCount: Int {
    get throws(RunError) {
      guard let classes, classes > 0 else {
        throw RunError(
          .configuration,
          "the configuration has cross-entropy-weight \(crossEntropyWeight), but its classes are missing; put back the run's own config.yaml"
        )
      }
      return classes
    }
  }

  /// What is wrong with the options of the cross-entropy, or with others beside it, or `nil`.
  var crossEntropyProblem: String? {
    let checks: [String?] = [
      number("contrastive-weight", contrastiveWeight, isAllowed: contrastiveWeight >= 0, "a number of at least 0"),
      number("cross-entropy-weight", crossEntropyWeight, isAllowed: crossEntropyWeight >= 0, "a number of at least 0"),
      isContrasting || isClassifying
        ? nil : "--contrastive-weight 0, --cross-entropy-weight 0: no loss is left; give one of them above 0",
      number(
        "label-smoothing", labelSmoothing, isAllowed: labelSmoothing >= 0 && labelSmoothing < 1,
        "a number from 0 to below 1"),
      atLeast("evaluate-epochs", evaluateEpochs, 0),
      isClassifying
        ? nil
        : useless([("label-smoothing", labelSmoothing != 0), ("evaluate-epochs", evaluateEpochs > 0)])
          .map { option in "--\(option): there is no classifier; leave it out, or give a --cross-entropy-weight above 0"
          },
      stopGradient && !(isContrasting && isClassifying)
        ? "--stop-gradient: goes with a contrastive loss and a cross-entropy; leave it out, or give both weights above 0"
        : nil,
      isContrasting
        ? nil
        : contrastiveOption.map { option in
          "--\(option): without a contrastive loss there is no use for it; leave it out, or choose supcon pretrain"
        },
    ]
    return checks.compactMap { problem in problem }.first
  }

  /// An option that was given and belongs to the contrastive loss alone.
  private var contrastiveOption: String? {
    let defaults = Configuration()
    return useless([
      ("head", head != defaults.head), ("head-widths", headWidths != nil), ("head-batch-norm", headBatchNorm),
      ("embedding-width", embeddingWidth != defaults.embeddingWidth), ("loss", loss != defaults.loss),
      ("summation", summation != defaults.summation), ("contrast-mode", contrastMode != defaults.contrastMode),
      ("denominator", denominator != defaults.denominator), ("positives-cap", positivesCap != defaults.positivesCap),
      ("loss-scale", lossScale != defaults.lossScale), ("temperature", temperature != defaults.temperature),
    ])
  }

  private func useless(_ options: [(name: String, isGiven: Bool)]) -> String? {
    options.first(where: \.isGiven)?.name
  }
}
