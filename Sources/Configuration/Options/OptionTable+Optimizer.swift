extension ConfigurationOption {
  static let optimizerRows: [ConfigurationOption] = [
    .init("optimizer", \.optimizer.kind, .choice, "Optimizer: sgd, lars, rmsprop, adam, adamw.", .optimizer),
    .init(
      "learning-rate", \.optimizer.learningRate, .notNegative,
      "Peak learning rate; 0.035 with the smaller default batch of a small training set.", .optimizer),
    .init(
      "momentum", \.optimizer.momentum, .belowOne, "Momentum of sgd, lars and rmsprop.", .optimizer,
      when: [.optimizers(.sgd, .lars, .rmsprop)]),
    .init(
      "nesterov", \.optimizer.nesterov, .boolean, "Nesterov's momentum, for sgd and lars.", .optimizer,
      when: [.optimizers(.sgd, .lars)]),
    .init(
      "beta1", \.optimizer.beta1, .belowOne, "Decay of the first moment of adam and adamw.", .optimizer,
      when: [.optimizers(.adam, .adamw)]),
    .init(
      "beta2", \.optimizer.beta2, .belowOne, "Decay of their second moment.", .optimizer,
      when: [.optimizers(.adam, .adamw)]),
    .init(
      "rmsprop-decay", \.optimizer.rmspropDecay, .belowOne, "Decay of rmsprop's mean of squared gradients.", .optimizer,
      when: [.optimizers(.rmsprop)]),
    .init(
      "epsilon", \.optimizer.epsilon, .positive, "Number added to the denominator of rmsprop, adam and adamw.",
      .optimizer, when: [.optimizers(.rmsprop, .adam, .adamw)]),
    .init("weight-decay", \.optimizer.weightDecay, .notNegative, "Weight decay.", .optimizer),
    .init(
      "weight-decay-exclude", \.optimizer.weightDecayExclusion, .choice,
      "Parameters without weight decay: none, or bias-and-norm.", default: "bias-and-norm with lars, else none",
      .optimizer, when: [.someWeightDecay]),
    .init(
      "weight-average", \.optimizer.averageDecay, .belowOne,
      "Decay of an exponential moving average (EMA) of weights and BatchNorm statistics beside the weights themselves, such as 0.999, at first min(decay, (1 + k) / (10 + k)) in step k from 0; --weights-of average evaluates it.",
      default: "no average", value: "decay", .optimizer),
    .init(
      "scale-learning-rate", \.optimizer.scaleLearningRate, .boolean,
      "Multiply the learning rate by batch size / 256.", .optimizer),
    .init(
      "schedule", \.schedule.kind, .choice, "Learning-rate schedule: cosine, step, exponential, constant.", .schedule),
    .init(
      "decay-epochs", \.schedule.decayEpochs, .counts(example: "700,800,900"),
      "Epochs after which --schedule step lowers the learning rate.", value: "e,e,…", .schedule,
      when: [.schedules(.step)]),
    .init(
      "decay-rate", \.schedule.decayRate, .number("a number above 0, at most 1") { $0 > 0 && $0 <= 1 },
      "Factor by which step and exponential lower it.", default: "0.1 with step, 0.97 with exponential", .schedule,
      when: [.schedules(.step, .exponential)]),
    .init(
      "epochs-per-decay", \.schedule.epochsPerDecay, .positive,
      "Epochs after which --schedule exponential lowers it, again and again.", .schedule,
      when: [.schedules(.exponential)]),
    .init(
      "warmup-epochs", \.schedule.warmupEpochs, .number("a number from 0 to 1e9") { (0...1e9).contains($0) },
      "Linear warm-up, in epochs.",
      default:
        "1, with a contrastive loss at least \(ScheduleOptions.leastContrastiveWarmupSteps) steps, and a twentieth of the run where epochs are shorter than \(ScheduleOptions.shortEpochSteps); above 1, at most half of the run",
      .schedule),
    .init(
      "cosine-restarts", \.schedule.cosineRestarts, .counts(example: "100,200"),
      "Epochs at which the cosine starts again, as the run was extended there.", .resolved),
  ]
}
