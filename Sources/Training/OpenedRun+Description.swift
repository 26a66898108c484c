import Configuration
import DistributedStep
import Job
import OneDNN
import Runs

extension OpenedRun {
  /// Reports what a run is about to compute, and the given options that have no effect on it.
  ///
  /// - Parameters:
  ///   - state: The training state before the first step of this process.
  ///   - lastStep: The last step of the run.
  ///   - request: The options of the command.
  ///   - ranks: The number of ranks.
  ///   - report: Receives log lines, on rank 0.
  func describe(
    _ state: TrainingState, to lastStep: Int, _ request: TrainingRun.Request, ranks: Int, _ report: Reporter
  ) {
    ReferencePrimitives.note(report)
    let unused = OptionsWithoutEffect.notes(
      configuration, given: request.overrides, stepsPerEpoch: sampler.stepsPerEpoch,
      checkRanksSteps: request.diagnostics.checkRanksSteps)
    for note in unused { report.note(note) }
    if let path = configuration.model.initialPath, configuration.model.normalizeEncoder, configuration.isContrasting,
      configuration.isClassifying, configuration.optimizer.weightDecay > 0, !isResumed,
      !request.overrides.gives(\.model.normalizeEncoder)
    {
      report.note(
        "--init \(path): its encoder scales representations to unit length, on which a classifier with weight decay learns less; --no-normalize-encoder leaves the scaling out"
      )
    }
    if let warning = warningOfHeldOut { report.warn(warning) }
    let unseen = sampler.unseenClasses.map { index in dataset.classNames[index] }
    if !unseen.isEmpty {
      report.note(
        "--sampler fixed-labels: batches of \(configuration.batches.size) have no place for \(counted(unseen.count, "small class")): "
          + unseen.prefix(10).joined(separator: ", ") + (unseen.count > 10 ? ", …" : ""))
    }
    report(
      "\(configuration.model.name) on \(configuration.data.dataset.rawValue): \(state.parameterLayout.count) parameters, \(counted(dataset.count, "sample"))"
    )
    report(
      "batch \(configuration.batches.size) in \(counted(configuration.batches.shardCount, "shard")) over \(counted(ranks, "rank")) × \(counted(configuration.compute.threads, "thread")), steps \(state.step) to \(lastStep)"
    )
    if ranks == 1, !request.overrides.gives(\.compute.threads) {
      let threads = configuration.compute.threads
      let processors = threads + SpareProcessors.count(ranksOnHost: 1, threads: threads)
      if let advice = ThreadAdvice.text(
        threads: threads, processors: processors, shards: configuration.batches.shardCount)
      {
        report.note(advice)
      }
    }
    if configuration.batches.isSharingStatistics {
      report(
        "BatchNorm: statistics of \(configuration.batches.batchNorm == .global ? "the whole batch" : counted(configuration.batches.shardsPerGroup(ofShards: configuration.batches.shardCount), "shard") + " together"); a rank computes all of its shards side by side"
      )
    }
  }

  /// The warning that held-out images may be ones that the encoder of `--init` was trained on; `nil` if they are not,
  /// for a resumed run, and on other ranks than rank 0.
  private var warningOfHeldOut: String? {
    guard !isResumed, directory != nil, let path = configuration.model.initialPath,
      let begun = try? InitialEncoder.configuration(of: configuration)
    else { return nil }
    return RunDirectory(path: path).warning(
      ofHeldOut: configuration.data, fingerprint: configuration.data.fingerprint, dataset.classNames, own: begun.data)
  }
}
