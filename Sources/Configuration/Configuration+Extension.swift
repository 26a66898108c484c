extension Configuration {
  /// Increases the number of epochs of a run that is resumed.
  ///
  /// - Parameters:
  ///   - total: The new number of epochs, counted from the run's start; the present number is accepted and changes
  ///     nothing.
  ///   - run: The run directory, for messages.
  /// - Returns: A description of the new learning rates; `nil` if nothing changes.
  /// - Throws: ``RunError`` if the run already has more epochs.
  package mutating func extend(toEpochs total: Int, run: String) throws(RunError) -> String? {
    let former = schedule.epochs
    guard total != former else { return nil }
    guard total > former else {
      throw RunError(
        .configuration, "--extend-epochs \(total): the run in \(run) has \(counted(former, "epoch")) already",
        remedy: "give the number of epochs in total, more than \(former)")
    }
    schedule.extend(toEpochs: total)
    return "\(run): extended from \(former) to \(total) epochs; \(learningRateText(former, total))"
  }

  /// Describes the learning rates after an extension from `former` to `total` epochs, for a message to the user.
  private func learningRateText(_ former: Int, _ total: Int) -> String {
    guard schedule.kind == .cosine else {
      // The default warm-up depends on the number of epochs.
      let warmup = schedule.warmupEpochs.map { epochs in " --warmup-epochs \(plain(epochs))" } ?? ""
      return "the learning rates are those of a run started with --epochs \(total)\(warmup)"
    }
    let warmup = schedule.warmupEpochs ?? 0
    guard warmup > Double(former) else {
      return "the cosine starts again at the peak learning rate at epoch \(former) and falls to 0 at epoch \(total)"
    }
    return
      "the cosine starts again at epoch \(former), below the peak learning rate as the warm-up of \(plain(warmup)) epochs goes on, and falls to 0 at epoch \(total)"
  }

  /// Returns this configuration, read from a checkpoint, with the number of epochs that the run has now.
  ///
  /// The current number, that of `other`, is larger if the run was extended after the checkpoint was written.
  package func extended(like other: Configuration) -> Configuration {
    let restarts = other.schedule.cosineRestarts ?? []
    guard other.schedule.epochs > schedule.epochs,
      other.schedule.kind != .cosine || restarts.contains(schedule.epochs)
    else { return self }
    var extended = self
    (extended.schedule.epochs, extended.schedule.cosineRestarts) =
      (other.schedule.epochs, other.schedule.cosineRestarts)
    return extended
  }
}
