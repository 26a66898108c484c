extension Configuration {
  /// Increases the number of epochs of a run that is resumed.
  ///
  /// - Parameters:
  ///   - total: The new number of epochs, counted from the run's start; the present number is accepted and changes
  ///     nothing.
  ///   - run: The run directory, for messages.
  ///   - report: Receives a note about the learning rate.
  /// - Throws: ``RunError`` if the run already has more epochs.
  package mutating func extend(toEpochs total: Int, run: String, report: Reporter) throws(RunError) {
    let former = schedule.epochs
    guard total != former else { return }
    guard total > former else {
      throw RunError(
        .configuration, "--extend-epochs \(total): the run in \(run) has \(counted(former, "epoch")) already",
        remedy: "give the number of epochs in total, more than \(former)")
    }
    schedule.extend(toEpochs: total)
    report(
      "\(run): extended from \(former) to \(total) epochs; "
        + (schedule.kind == .cosine
          ? "the cosine starts again at the peak learning rate at epoch \(former) and falls to 0 at epoch \(total)"
          : "the learning rates are those of a run started with --epochs \(total)"))
  }

  /// Returns this configuration, read from a checkpoint, with the number of epochs of `other`, read from its run
  /// directory.
  ///
  /// The two differ if the run was extended after the checkpoint was written.
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
