import NeuralNet

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
  /// The length of the linear warm-up in epochs.
  package var warmupEpochs = 1.0

  /// The defaults.
  package init() {}

  /// The length of the warm-up in steps.
  package func warmupSteps(stepsPerEpoch: Int) -> Int {
    Int((warmupEpochs * Double(stepsPerEpoch)).rounded())
  }

  /// The decay after the warm-up.
  func decay(stepsPerEpoch: Int) -> LearningRateSchedule.Decay {
    switch kind {
    case .cosine: .cosine(steps: epochs * stepsPerEpoch)
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
    if warmupEpochs > Double(epochs) || (warmupEpochs == Double(epochs) && epochs > 1) {
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
