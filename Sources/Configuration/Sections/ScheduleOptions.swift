import NeuralNet
import Optimizers

/// The options for the length of training and for the learning rate schedule.
package struct ScheduleOptions: Sendable, Equatable {
  /// The kinds of learning rate schedules.
  package enum Kind: String, CaseIterable, Sendable {
    case cosine, step, exponential, constant
  }

  /// The number of epochs of the run and of the learning rate schedule.
  package var epochs = 100
  /// The number of steps after which training stops early; `nil` to train all epochs.
  package var steps: Int?
  /// The kind of learning rate schedule.
  package var kind = Kind.cosine
  /// The epochs after which the ``Kind/step`` schedule decreases the learning rate.
  package var decayEpochs: [Int]?
  /// The factor of the learning rate at each decrease; `nil` for 0.1 (``Kind/step``) or 0.97 (``Kind/exponential``).
  package var decayRate: Double?
  /// The number of epochs between the decreases of ``Kind/exponential``.
  package var epochsPerDecay = 2.4
  /// The length of the linear warm-up in epochs; `nil` to let ``resolveWarmup(stepsPerEpoch:isContrasting:)`` choose
  /// it.
  package var warmupEpochs: Double?
  /// The epochs at which the run was extended, where ``Kind/cosine`` restarts at the peak learning rate.
  package var cosineRestarts: [Int]?

  /// Creates the default options.
  package init() {}

  /// The length of the default warm-up in epochs.
  private static let defaultWarmupEpochs = 1.0
  /// The minimum default warm-up with a contrastive loss, in steps, which has an effect if epochs are short.
  ///
  /// With a shorter warm-up, all embeddings become equal in the first steps, and differ again only after many epochs.
  package static let leastContrastiveWarmupSteps = 75
  /// The number of steps per epoch below which the default warm-up may be longer than one epoch.
  package static let shortEpochSteps = 150
  /// The length of a run ÷ its minimum default warm-up if epochs are short: the warm-up is at least 1/20 of the run.
  private static let partsOfShortEpochs = 20
  /// The maximum of the default warm-up as a fraction of the run, so that short runs reach the peak learning rate.
  private static let largestWarmupShare = 0.5

  /// Returns the length of the warm-up in steps.
  package func warmupSteps(stepsPerEpoch: Int) -> Int {
    Int(((warmupEpochs ?? Self.defaultWarmupEpochs) * Double(stepsPerEpoch)).rounded())
  }

  /// Sets the length of the warm-up if it was not given: one epoch, or more with a contrastive loss and short epochs.
  ///
  /// With fewer than ``shortEpochSteps`` steps per epoch, a contrastive loss gets at least
  /// ``leastContrastiveWarmupSteps`` steps and a twentieth of the run, but (above one epoch) at most half of the run.
  ///
  /// - Returns: True if the length was not given and is now more than one epoch.
  package mutating func resolveWarmup(stepsPerEpoch: Int, isContrasting: Bool) -> Bool {
    guard warmupEpochs == nil else { return false }
    let shortest = Double(Self.leastContrastiveWarmupSteps) / Double(max(stepsPerEpoch, 1))
    let isShort = stepsPerEpoch < Self.shortEpochSteps
    let least = isContrasting && isShort ? max(shortest, Double(epochs) / Double(Self.partsOfShortEpochs)) : 0
    let fitting = min(least, Self.largestWarmupShare * Double(epochs))
    warmupEpochs = max(Self.defaultWarmupEpochs, fitting)
    return fitting > Self.defaultWarmupEpochs
  }

  /// Returns the number of steps after which the run ends: those of all epochs, or `--steps` if these are fewer.
  package func lastStep(stepsPerEpoch: Int) -> Int { min(steps ?? .max, epochs * stepsPerEpoch) }

  /// Increases the number of epochs; the learning rates up to the former end do not change.
  ///
  /// Constant, step and exponential schedules continue as if the run had been started with `total` epochs. The cosine
  /// schedule, which has fallen to 0, starts again at the peak and falls to 0 at the new end.
  package mutating func extend(toEpochs total: Int) {
    if kind == .cosine {
      cosineRestarts = (cosineRestarts ?? []) + [epochs]
    }
    epochs = total
    steps = nil
  }

  /// Returns the learning rate's decay, in steps, for epochs of `stepsPerEpoch` steps.
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

  /// The notes for the user about schedule options that have little or no effect within ``epochs``.
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
    if kind == .exponential, epochsPerDecay > Double(epochs) {
      notes.append(
        "--epochs-per-decay \(plain(epochsPerDecay)): longer than the run (\(counted(epochs, "epoch"))), so the learning rate is hardly lowered"
      )
    }
    return notes
  }

  /// The error for the first contradiction between these options; `nil` if there is none.
  var problem: RunError? {
    kind == .step && decayEpochs == nil
      ? RunError(.usage, "--schedule step: needs --decay-epochs, such as 700,800,900") : nil
  }
}
