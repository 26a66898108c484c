import Configuration

/// Given options that change nothing, most of them because the run is too short, or that do not go with a default.
package enum OptionsWithoutEffect {
  /// Finds the given options that take no effect, or only a part of it, before the run ends, and an optimizer that was
  /// chosen without its learning rate.
  ///
  /// - Parameters:
  ///   - configuration: The options of the run.
  ///   - given: The options that the user gave; defaults are not noted.
  ///   - stepsPerEpoch: The number of steps of an epoch.
  ///   - checkRanksSteps: The value of `--check-ranks`; `nil` if it was not given.
  /// - Returns: A note for each.
  package static func notes(
    _ configuration: Configuration, given: ConfigurationOverrides, stepsPerEpoch: Int, checkRanksSteps: Int? = nil
  ) -> [String] {
    let epochs = configuration.schedule.epochs
    let allSteps = epochs * stepsPerEpoch
    let steps = configuration.schedule.lastStep(stepsPerEpoch: stepsPerEpoch)
    let end = "the run ends after \(counted(steps, "step"))"
    var notes = configuration.schedule.notesWithoutEffect
    if let limit = configuration.schedule.steps, limit > allSteps, given.gives(\.schedule.steps) {
      notes.append("--steps \(limit): \(end), with \(counted(epochs, "epoch")); give more --epochs for more steps")
    }
    if let interval = configuration.checkpoints.steps, interval > steps, given.gives(\.checkpoints.steps) {
      notes.append("--checkpoint-steps \(interval): \(end), so the only checkpoint is that of the end")
    }
    if configuration.checkpoints.logSteps > steps, given.gives(\.checkpoints.logSteps) {
      notes.append("--log-steps \(configuration.checkpoints.logSteps): \(end), so only the last step is logged")
    }
    if let interval = configuration.checkpoints.evaluateEpochs, interval * stepsPerEpoch > steps,
      given.gives(\.checkpoints.evaluateEpochs)
    {
      // The last evaluation is that after all epochs, which --steps may end the run before.
      let consequence = steps < allSteps ? "before the encoder is evaluated" : "so the only evaluation is at the end"
      notes.append("--evaluate-epochs \(interval): \(end), \(consequence)")
    }
    if configuration.model.initialPath != nil, given.gives(\.model.zeroInitLastScale) {
      notes.append("--zero-init-last-scale: --init gives the encoder's weights, so no scale begins at 0")
    }
    if let checkRanksSteps, checkRanksSteps > steps {
      notes.append("--check-ranks \(checkRanksSteps): \(end), so the ranks are never compared")
    }
    return notes + [rateNote(configuration.optimizer, given)].compactMap { note in note }
  }

  /// Returns the note about Adam with the default learning rate, which moves each weight by about 0.1 a step; `nil` for
  /// other optimizers and rates.
  private static func rateNote(_ optimizer: OptimizerOptions, _ given: ConfigurationOverrides) -> String? {
    let rate = OptimizerOptions().learningRate
    guard [.adam, .adamw].contains(optimizer.kind), given.gives(\.optimizer.kind), optimizer.learningRate == rate,
      !given.gives(\.optimizer.learningRate)
    else { return nil }
    return
      "--optimizer \(optimizer.kind.rawValue): the default --learning-rate, \(plain(rate)), is made for sgd; adam and adamw usually take about 0.001"
  }
}
