import NeuralNet
import Optimizers

/// The options of the length of training and of the learning rate schedule.
package struct ScheduleOptions: Sendable, Equatable {
  /// The kinds of learning rate schedules.
  package enum Kind: String, CaseIterable, Sendable {
    case cosine, step, exponential, constant
  }

  /// The number of epochs, over which the learning rate schedule extends.
  package var epochs = 100
  /// The number of steps after which training stops, if that is before the end of the last epoch; `nil` for no such
  /// limit.
  package var steps: Int?
  /// The kind of learning rate schedule.
  package var kind = Kind.cosine
  /// The epochs after which ``Kind/step`` decreases the learning rate.
  package var decayEpochs: [Int]?
  /// The factor by which ``Kind/step`` and ``Kind/exponential`` multiply the learning rate; `nil` for 0.1 and 0.97,
  /// respectively.
  package var decayRate: Double?
  /// The number of epochs after which ``Kind/exponential`` decreases the learning rate each time.
  package var epochsPerDecay = 2.4
  /// The length of the linear warm-up in epochs; `nil` to let ``resolveWarmup(stepsPerEpoch:isContrasting:)`` choose
  /// it.
  package var warmupEpochs: Double?
  /// The epochs at which ``Kind/cosine`` starts again at the peak because the run was extended there.
  package var cosineRestarts: [Int]?

  /// Creates the default options.
  package init() {}

  /// The length of the default warm-up in epochs.
  private static let defaultWarmupEpochs = 1.0
  /// The smallest number of steps of the default warm-up with a contrastive loss; it matters for datasets with short
  /// epochs.
  ///
  /// If the learning rate rises faster, all embeddings become equal in the first steps, and it takes many epochs until
  /// they differ again.
  package static let leastContrastiveWarmupSteps = 75
  /// The number of steps of an epoch below which an epoch is a short warm-up for a long run.
  package static let shortEpochSteps = 150
  /// The parts of a run of which the first is warm-up where epochs are short.
  private static let partsOfShortEpochs = 20
  /// The largest share of a run for the default warm-up, so that runs of few steps reach their peak.
  private static let largestWarmupShare = 0.5

  /// Returns the length of the warm-up in steps.
  package func warmupSteps(stepsPerEpoch: Int) -> Int {
    Int(((warmupEpochs ?? Self.defaultWarmupEpochs) * Double(stepsPerEpoch)).rounded())
  }

  /// Chooses the length of the warm-up if it was not given: one epoch, with a contrastive loss at least
  /// ``leastContrastiveWarmupSteps`` steps, and where epochs are shorter than ``shortEpochSteps``, at least a twentieth
  /// of the run; but, beyond one
  /// epoch, at most half of it.
  ///
  /// - Returns: True if the length was chosen here and is more than one epoch.
  package mutating func resolveWarmup(stepsPerEpoch: Int, isContrasting: Bool) -> Bool {
    guard warmupEpochs == nil else { return false }
    let shortest = Double(Self.leastContrastiveWarmupSteps) / Double(max(stepsPerEpoch, 1))
    let isShort = stepsPerEpoch < Self.shortEpochSteps
    let least = isContrasting && isShort ? max(shortest, Double(epochs) / Double(Self.partsOfShortEpochs)) : 0
    let fitting = min(least, Self.largestWarmupShare * Double(epochs))
    warmupEpochs = max(Self.defaultWarmupEpochs, fitting)
    return fitting > Self.defaultWarmupEpochs
  }

  /// Increases the number of epochs; the learning rates up to the former end do not change.
  ///
  /// Constant, step and exponential schedules continue as if the run had been started with the new number. The cosine
  /// schedule, which has fallen to 0, starts again at the peak and falls to 0 at the new end.
  package mutating func extend(toEpochs total: Int) {
    if kind == .cosine {
      cosineRestarts = (cosineRestarts ?? []) + [epochs]
    }
    epochs = total
    steps = nil
  }

  /// Returns the decay of the learning rate after the warm-up.
  func decay(stepsPerEpoch: Int) -> LearningRateSchedule.Decay {
    switch kind {
    case .cosine:
      cosineRestarts.map { restarts in .cosines(ends: (restarts + [epochs]).map { epoch in epoch * stepsPerEpoch }) }
        ?? .cosine(steps: epochs * stepsPerEpoch)
    case .step:
      .step(at: (decayEpochs ?? []).map { epoch in epoch * stepsPerEpoch }, factor: decayRate ?? 0.1)
    case .exponential:
      .exponential(factor: decayRate ?? 0.97, stepsPerDecay: epochsPerDecay * Double(stepsPerEpoch))
    case .constant: .constant
    }
  }

  /// Notes for the user about schedule options that have little or no effect within ``epochs``.
  package var notesWithoutEffect: [String] {
    var notes: [String] = []
    if let warmupEpochs, warmupEpochs > Double(epochs) || (warmupEpochs == Double(epochs) && epochs > 1) {
      notes.append(
        "--warmup-epochs \(plain(warmupEpochs)): the run has \(counted(epochs, "epoch")), so the learning rate never reaches its peak"
      )
    }
    let late = (decayEpochs ?? []).filter { epoch in epoch >= epochs }
    if kind == .step, !late.isEmpty {
      notes.append(
        "--decay-epochs \(late.map(String.init).joined(separator: ",")): at or after the end of the run (\(counted(epochs, "epoch"))), so without effect"
      )
    }
    if kind == .exponential, epochsPerDecay > Double(epochs), epochsPerDecay != ScheduleOptions().epochsPerDecay {
      notes.append(
        "--epochs-per-decay \(plain(epochsPerDecay)): longer than the run (\(counted(epochs, "epoch"))), so the learning rate is hardly lowered"
      )
    }
    return notes
  }

  /// The first contradiction between these options, or `nil`.
  var problem: RunError? {
    kind == .step && decayEpochs == nil
      ? RunError(.usage, "--schedule step: needs --decay-epochs, such as 700,800,900") : nil
  }
}
