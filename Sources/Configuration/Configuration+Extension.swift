extension Configuration {
  /// Lengthens a run that is resumed.
  ///
  /// - Parameters:
  ///   - total: The number of epochs in total; the present number changes nothing, so that the same command can resume again.
  ///   - run: The run directory, for messages.
  ///   - report: Receives a note about the learning rate.
  /// - Throws: ``RunError`` if the run is longer already.
  package mutating func extend(toEpochs total: Int, run: String, report: (String) -> Void) throws(RunError) {
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

  /// Returns this configuration of a checkpoint with the length of `other`, that of its run, if the run was extended afterwards.
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
