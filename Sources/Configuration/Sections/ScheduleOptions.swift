import NeuralNet
import Optimizers

/// The length of training and the learning rate over it.
package struct ScheduleOptions: Sendable, Equatable {
  /// The schedules.
  package enum Kind: String, CaseIterable, Sendable {
    case cosine, step, exponential, constant
  }

  /// The number of epochs, over all of which the schedule runs.
  package var epochs = 100
  /// The number of steps to stop after, if before the last epoch's end.
  package var steps: Int?
  /// The schedule.
  package var kind = Kind.cosine
  /// The epochs after which ``Kind/step`` lowers the learning rate.
  package var decayEpochs: [Int]?
  /// The factor by which ``Kind/step`` and ``Kind/exponential`` lower it; `nil` for 0.1 and 0.97.
  package var decayRate: Double?
  /// The number of epochs after which ``Kind/exponential`` lowers it.
  package var epochsPerDecay = 2.4
  /// The length of the linear warm-up in epochs; `nil` for the one that ``resolveWarmup(stepsPerEpoch:isContrasting:)`` chooses.
  package var warmupEpochs: Double?
  /// The epochs at which ``Kind/cosine`` starts again at the peak, as the run was extended there.
  package var cosineRestarts: [Int]?

  /// The defaults.
  package init() {}

  /// The length of the default warm-up in epochs.
  private static let defaultWarmupEpochs = 1.0
  /// The least number of steps of the default warm-up of a contrastive loss, for datasets whose epochs are shorter.
  ///
  /// A learning rate that rises faster makes all embeddings equal in the first steps, and many epochs pass until they differ again.
  package static let leastContrastiveWarmupSteps = 75

  /// The length of the warm-up in steps.
  package func warmupSteps(stepsPerEpoch: Int) -> Int {
    Int(((warmupEpochs ?? Self.defaultWarmupEpochs) * Double(stepsPerEpoch)).rounded())
  }

  /// Chooses the length of the warm-up if it was not given: one epoch, with a contrastive loss at least
  /// ``leastContrastiveWarmupSteps`` steps.
  ///
  /// - Returns: True if it is longer than an epoch.
  package mutating func resolveWarmup(stepsPerEpoch: Int, isContrasting: Bool) -> Bool {
    guard warmupEpochs == nil else { return false }
    let least = isContrasting ? Double(Self.leastContrastiveWarmupSteps) / Double(max(stepsPerEpoch, 1)) : 0
    warmupEpochs = max(Self.defaultWarmupEpochs, least)
    return least > Self.defaultWarmupEpochs
  }

  /// Lengthens the training; the part that was planned so far keeps its learning rates.
  ///
  /// Constant, step and exponential schedules go on as if the run had been started with this length; the cosine, which has
  /// fallen to 0, starts again at the peak and falls to 0 at the new end.
  package mutating func extend(toEpochs total: Int) {
    if kind == .cosine {
      cosineRestarts = (cosineRestarts ?? []) + [epochs]
    }
    epochs = total
    steps = nil
  }

  /// The decay after the warm-up.
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

  /// Sentences about options that take no or little effect within ``epochs``.
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

  /// The first contradiction between these options, or `nil`.
  var problem: RunError? {
    kind == .step && decayEpochs == nil
      ? RunError(.usage, "--schedule step: needs --decay-epochs, such as 700,800,900") : nil
  }
}
