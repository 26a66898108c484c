import NeuralNet

extension Configuration {
  /// The optimizer at rest, for parameters of a layout.
  package func makeOptimizer(_ layout: VectorLayout) -> any Optimizer {
    guard
      let exclusion = WeightDecay.Exclusion(
        rawValue: weightDecayExclude
          ?? (optimizer == "lars" ? WeightDecay.Exclusion.biasAndNorm : WeightDecay.Exclusion.none).rawValue)
    else { preconditionFailure("the recipe was not validated: --weight-decay-exclude") }
    let weightDecay = WeightDecay(Float(self.weightDecay), of: layout, excluding: exclusion)
    switch optimizer {
    case "sgd":
      return SGD(momentum: Float(momentum), usesNesterov: nesterov, weightDecay: weightDecay)
    case "lars":
      return LARS(
        momentum: Float(momentum), usesNesterov: nesterov, weightDecay: weightDecay, layout: layout)
    case "rmsprop":
      return RMSProp(
        decay: Float(rmspropDecay), epsilon: Float(epsilon), momentum: Float(momentum), weightDecay: weightDecay)
    case "adam", "adamw":
      return Adam(
        beta1: beta1, beta2: beta2, epsilon: Float(epsilon), decouplesWeightDecay: optimizer == "adamw",
        weightDecay: weightDecay)
    default: preconditionFailure("the recipe was not validated: --optimizer \(optimizer)")
    }
  }

  /// What `--scale-learning-rate` takes the learning rate to be meant for.
  private static let referenceBatchSize = 256

  /// The learning rate of every step.
  package func learningRateSchedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    let decay: LearningRateSchedule.Decay =
      switch schedule {
      case "cosine": .cosine(steps: epochs * stepsPerEpoch)
      case "step":
        .step(
          at: (decayEpochs.flatMap(Self.counts) ?? []).map { epoch in epoch * stepsPerEpoch }, factor: decayRate ?? 0.1)
      case "exponential":
        .exponential(factor: decayRate ?? 0.97, stepsPerDecay: epochsPerDecay * Double(stepsPerEpoch))
      case "constant": .constant
      default: preconditionFailure("the recipe was not validated: --schedule \(schedule)")
      }
    let scale = scaleLearningRate ? Double(batchSize) / Double(Self.referenceBatchSize) : 1
    return LearningRateSchedule(
      peak: learningRate * scale, warmupSteps: warmupSteps(ofEpochWith: stepsPerEpoch), decay: decay)
  }

  /// What is wrong with the options of optimizer and schedule, or `nil`.
  var optimizationProblem: String? {
    func share(_ option: String, _ value: Double) -> String? {
      number(option, value, isAllowed: value >= 0 && value < 1, "a number from 0 to below 1")
    }
    let checks: [String?] = [
      choice("optimizer", optimizer, ["sgd", "lars", "rmsprop", "adam", "adamw"]),
      number("learning-rate", learningRate, isAllowed: learningRate >= 0, "a number of at least 0"),
      share("momentum", momentum), share("beta1", beta1), share("beta2", beta2), share("rmsprop-decay", rmspropDecay),
      number("epsilon", epsilon, isAllowed: epsilon > 0, "a number above 0"),
      nesterov && momentum == 0 ? "--nesterov: needs a --momentum above 0" : nil,
      number("weight-decay", weightDecay, isAllowed: weightDecay >= 0, "a number of at least 0"),
      weightDecayExclude.flatMap { exclusion in
        choice("weight-decay-exclude", exclusion, WeightDecay.Exclusion.allCases.map(\.rawValue))
      },
      optimizerMismatch,
      choice("schedule", schedule, ["cosine", "step", "exponential", "constant"]),
      decayRate.flatMap { rate in
        number("decay-rate", rate, isAllowed: rate > 0 && rate <= 1, "a number above 0, at most 1")
      },
      number("epochs-per-decay", epochsPerDecay, isAllowed: epochsPerDecay > 0, "a number above 0"),
      scheduleProblem,
      number("warmup-epochs", warmupEpochs, isAllowed: (0...1e9).contains(warmupEpochs), "a number from 0 to 1e9"),
    ]
    return checks.compactMap { problem in problem }.first
  }

  /// An option that the chosen optimizer has no use for.
  private var optimizerMismatch: String? {
    let defaults = Configuration()
    let users: [(option: String, isGiven: Bool, optimizers: [String])] = [
      ("nesterov", nesterov, ["sgd", "lars"]),
      ("momentum \(momentum)", momentum != defaults.momentum, ["sgd", "lars", "rmsprop"]),
      ("beta1 \(beta1)", beta1 != defaults.beta1, ["adam", "adamw"]),
      ("beta2 \(beta2)", beta2 != defaults.beta2, ["adam", "adamw"]),
      ("rmsprop-decay \(rmspropDecay)", rmspropDecay != defaults.rmspropDecay, ["rmsprop"]),
      ("epsilon \(epsilon)", epsilon != defaults.epsilon, ["rmsprop", "adam", "adamw"]),
    ]
    return users.first { user in user.isGiven && !user.optimizers.contains(optimizer) }.map { user in
      "--\(user.option): --optimizer \(optimizer) has no use for it; leave it out, or choose \(user.optimizers.joined(separator: " or "))"
    }
  }

  private var scheduleProblem: String? {
    if let decayEpochs {
      guard schedule == "step" else {
        return "--decay-epochs \(decayEpochs): --schedule \(schedule) has no use for it; leave it out, or choose step"
      }
      guard Self.counts(in: decayEpochs) != nil else {
        return "--decay-epochs \(decayEpochs): expected whole numbers above 0 separated by commas, such as 700,800,900"
      }
    } else if schedule == "step" {
      return "--schedule step: needs --decay-epochs, such as 700,800,900"
    }
    if let decayRate, schedule != "step", schedule != "exponential" {
      return
        "--decay-rate \(decayRate): --schedule \(schedule) has no use for it; leave it out, or choose step or exponential"
    }
    if epochsPerDecay != Configuration().epochsPerDecay, schedule != "exponential" {
      return
        "--epochs-per-decay \(epochsPerDecay): --schedule \(schedule) has no use for it; leave it out, or choose exponential"
    }
    return nil
  }
}
