import Configuration
import Datasets
import Evaluation
import Formats
import FoundationEssentials
import Job
import MPI
import Runs

/// Progress output: log lines, `metrics.jsonl`, TensorBoard's event files, `summary.csv`, and the fields of `summary.json`.
final class RunLog {
  /// The number of first steps left out of the speed, since they warm caches.
  private static let stepsLeftOut = 3
  /// The minimum time between two log lines.
  private static let secondsBetweenLines = 5.0

  private let configuration: Configuration
  private let ranks: Int
  private let isRoot: Bool
  private let lastStep: Int
  private let stepsPerEpoch: Int
  private let metrics: MetricsLog?
  private let tensorBoard: TensorBoardLog?
  private let report: (String) -> Void
  private let start = ProcessMeasurements.now()
  private let startTime = Date.now
  private let dataset: any ImageDataset

  private var collapseWatch: CollapseWatch
  private var stepSeconds: [Double] = []
  private var lastReport: StepResult?
  private var lastLine = 0.0
  private var epochTable: EpochTable?
  /// The files that could not be written at least once.
  private var failedFiles: Set<String> = []
  private var epochStart: Double
  private var epochLossSum = 0.0
  private var epochTop1Sum = 0.0
  private var epochSteps = 0
  private var lastAccuracy: (step: Int, accuracy: TestAccuracy)?
  private var lastAveragedAccuracy: TestAccuracy?

  /// Creates a log; the directory is that of rank 0, and `nil` on other ranks.
  package init(
    _ configuration: Configuration, _ dataset: any ImageDataset, directory: RunDirectory?,
    world: (rank: Int, size: Int), from firstStep: Int,
    to lastStep: Int,
    stepsPerEpoch: Int, report: @escaping (String) -> Void
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    ranks = world.size
    isRoot = world.rank == 0
    self.lastStep = lastStep
    self.stepsPerEpoch = stepsPerEpoch
    self.report = report
    metrics = try directory.map { directory in
      try MetricsLog(path: directory.metricsPath, keepingThrough: firstStep)
    }
    tensorBoard = directory.map { directory in TensorBoardLog(directory, firstStep: firstStep + 1) }
    epochTable = try directory.map { directory in
      try EpochTable(path: directory.epochTablePath, keepingThrough: firstStep)
    }
    collapseWatch = CollapseWatch(warmupSteps: configuration.schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch))
    epochStart = start
  }

  /// Views of a global step ÷ median seconds of this invocation's steps, the first three left out where there are more.
  private var viewsPerSecond: Double {
    let counted = stepSeconds.count > Self.stepsLeftOut ? Array(stepSeconds.dropFirst(Self.stepsLeftOut)) : stepSeconds
    return median(counted).map { seconds in Double(configuration.batches.size * configuration.views.count) / seconds }
      ?? 0
  }

  /// The seconds of the last step.
  var lastStepSeconds: Double { stepSeconds.last ?? 0 }

  /// Records the `step`th step of the run.
  func add(_ result: StepResult, step: Int, seconds: Double) {
    stepSeconds.append(seconds)
    lastReport = result
    epochLossSum += result.loss
    epochTop1Sum += result.trainTop1 ?? 0
    epochSteps += 1
    guard isRoot else { return }
    if step.isMultiple(of: configuration.checkpoints.logSteps) || step == lastStep {
      addStepRow(result, step: step, seconds: seconds)
    }
    let now = ProcessMeasurements.now()
    if now - lastLine >= Self.secondsBetweenLines || step == lastStep {
      lastLine = now
      reportStep(result, step: step)
    }
    if step.isMultiple(of: stepsPerEpoch) {
      endEpoch(result, step: step, now: now)
    }
  }

  /// Writes the row of a step, and warns of collapsed embeddings.
  private func addStepRow(_ result: StepResult, step: Int, seconds: Double) {
    let epoch = Double(step) / Double(stepsPerEpoch)
    let lossParts = result.trainTop1.map { top1 in
      ["train_top1": .number(top1)].merging(
        result.contrast.map { contrast in
          [
            "contrastive_loss": JSONValue.number(contrast.loss),
            "cross_entropy": .number(result.loss - contrast.loss),
          ]
        } ?? [:]
      ) { _, new in new }
    }
    append(
      kind: "step", step: step,
      [
        "epoch": .number(epoch), "loss": .number(result.loss),
        "loss_lower_bound": .number(result.lowerBound), "loss_excess": .number(result.loss - result.lowerBound),
        "learning_rate": .number(Double(result.learningRate)),
        "views_per_second": .number(Double(result.views) / seconds), "data_share": .number(result.dataShare),
        "collectives": .object(result.traffic.fields),
        "received_bytes_by_part": .object(
          Dictionary(
            uniqueKeysWithValues: zip(StepPart.allCases, result.partReceivedByteCounts).map { part, count in
              (part.name, .integer(count))
            })),
        "seconds_by_part": .object(
          Dictionary(
            uniqueKeysWithValues: zip(StepPart.allCases, result.partSeconds).map { part, seconds in
              (part.name, .number(seconds))
            })),
      ].merging(lossParts ?? [:]) { _, new in new })
    let warning = result.contrast.flatMap { contrast in
      collapseWatch.warning(
        atStep: step, loss: contrast.loss, lowerBound: contrast.lowerBound, collapseValue: contrast.collapseValue)
    }
    if let warning {
      report(warning)
    }
  }

  private func reportStep(_ result: StepResult, step: Int) {
    let epoch = Double(step) / Double(stepsPerEpoch)
    let speed = viewsPerSecond
    let remaining =
      Double(lastStep - step) * Double(configuration.batches.size * configuration.views.count) / max(speed, 1e-9)
    report(
      "step \(step)/\(lastStep)  epoch \(decimal(epoch, 2))  loss \(decimal(result.loss, 4))"
        + " (bound \(decimal(result.lowerBound, 4)), excess \(decimal(result.loss - result.lowerBound, 4)))"
        + "  \(decimal(speed, 0)) views/s (\(decimal(100 * result.dataShare, 0)) % waiting for data)  \(duration(remaining)) left"
    )
  }

  /// Writes the row and the line of an epoch, and begins the next.
  private func endEpoch(_ result: StepResult, step: Int, now: Double) {
    let row = EpochTable.Row(
      epoch: step / stepsPerEpoch, step: step, loss: epochLossSum / Double(epochSteps), lowerBound: result.lowerBound,
      learningRate: result.learningRate, viewsPerSecond: viewsPerSecond, seconds: now - epochStart,
      trainTop1: result.trainTop1.map { _ in epochTop1Sum / Double(epochSteps) })
    append(
      kind: "epoch", step: step,
      [
        "epoch": .integer(row.epoch), "loss": .number(row.loss), "steps_counted": .integer(epochSteps),
        "seconds": .number(row.seconds), "views_per_second": .number(row.viewsPerSecond),
        "loss_lower_bound": .number(row.lowerBound), "learning_rate": .number(Double(row.learningRate)),
      ].merging(row.trainTop1.map { top1 in ["train_top1": .number(top1)] } ?? [:]) { _, new in new })
    warnOnFailure(of: "summary.csv") { try epochTable?.add(row) }
    report(
      "epoch \(row.epoch)/\(configuration.schedule.epochs)  mean loss \(decimal(row.loss, 4))"
        // The steps before a resume belong to another invocation.
        + (epochSteps < stepsPerEpoch ? " of the last \(counted(epochSteps, "step"))" : "")
        + (row.trainTop1.map { top1 in "  train top-1 \(decimal(top1, 4))" } ?? "")
        + "  \(duration(row.seconds))")
    epochStart = now
    epochLossSum = 0
    epochTop1Sum = 0
    epochSteps = 0
  }

  /// Records the test accuracy of the classifier after a step, and that of the averaged weights if there are any.
  func add(_ accuracy: TestAccuracy, averaged: TestAccuracy?, step: Int) {
    lastAccuracy = (step, accuracy)
    lastAveragedAccuracy = averaged
    append(
      kind: "test", step: step,
      [
        "epoch": .number(Double(step) / Double(stepsPerEpoch)),
        "test_top1": .number(accuracy.top1), "test_top5": .number(accuracy.top5),
      ].merging(averagedFields(averaged)) { own, _ in own })
    warnOnFailure(of: "summary.csv") { try epochTable?.add(testTop1: accuracy.top1, step: step) }
    report(
      "step \(step)  test top-1 \(decimal(accuracy.top1, 4)), top-5 \(decimal(accuracy.top5, 4)) on \(accuracy.sampleCount) samples"
        + (averaged.map { accuracy in
          "; averaged weights \(decimal(accuracy.top1, 4)), \(decimal(accuracy.top5, 4))"
        } ?? ""))
  }

  private func averagedFields(_ accuracy: TestAccuracy?) -> [String: JSONValue] {
    accuracy.map { accuracy in
      ["average_test_top1": .number(accuracy.top1), "average_test_top5": .number(accuracy.top5)]
    } ?? [:]
  }

  /// Writes a row of metrics with its kind, step and time, to `metrics.jsonl` and for TensorBoard.
  private func append(kind: String, step: Int, _ fields: [String: JSONValue]) {
    let now = Date.now
    let common: [String: JSONValue] = [
      "kind": .text(kind), "step": .integer(step), "time": .text(Self.text(now)),
    ]
    warnOnFailure(of: "metrics.jsonl") { try metrics?.append(fields.merging(common) { own, _ in own }) }
    warnOnFailure(of: TensorBoardLog.folder) {
      try tensorBoard?.add(kind: kind, fields, step: step, time: now.timeIntervalSince1970)
    }
  }

  /// Writes to a file; if that fails, training continues without it, with one warning per file.
  private func warnOnFailure(of file: String, _ write: () throws -> Void) {
    do {
      try write()
    } catch {
      if failedFiles.insert(file).inserted {
        report("warning: \(error); the run goes on")
      }
    }
  }

  /// A time in ISO 8601, UTC.
  private static func text(_ time: Date) -> String { time.formatted(.iso8601) }

  /// The fields of `summary.json` that describe model, dataset, machine and time.
  private func origin(step: Int, status: RunStatus) -> [String: JSONValue] {
    let normalization = dataset.normalization
    let size = configuration.viewSize(of: dataset)
    var fields: [String: JSONValue] = [
      "status": .text(status.rawValue), "target_epochs": .integer(configuration.schedule.epochs),
      "target_steps": .integer(lastStep), "started": .text(Self.text(startTime)), "ended": .text(Self.text(Date.now)),
      "host": .text(hostName()),
      "command_line": .list(CommandLine.arguments.map { argument in .text(argument) }),
      "class_names": .list(dataset.classNames.map { name in .text(name) }),
      "mean": .list(normalization.mean.map { value in .number(Double(value)) }),
      "std": .list(normalization.standardDeviation.map { value in .number(Double(value)) }),
      "image_size": .list([.integer(size.width), .integer(size.height)]),
    ]
    fields["data"] = configuration.data.path.map { path in .text(path) }
    fields["dataset_fingerprint"] = configuration.data.fingerprint.map { text in .text(text) }
    return fields
  }

  /// The fields of `summary.json` except the hash of the weights.
  func summary(step: Int, status: RunStatus, memory: (maximum: Int, sum: Int)) -> [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "command": .text(configuration.command.rawValue), "version": .text(supconVersion),
      "model": .text(configuration.model.name),
      "dataset": .text(configuration.data.dataset.rawValue), "loss": .text(configuration.lossName),
      "precision": .text(configuration.compute.resolvedPrecision.rawValue),
      "seed": .natural(configuration.compute.seed),
      "ranks": .integer(ranks), "threads_per_rank": .integer(configuration.compute.threads),
      "batch_size": .integer(configuration.batches.size),
      "shard_size": .integer(configuration.batches.shardSize), "views": .integer(configuration.views.count),
      "steps": .integer(step),
      "epochs": .number(Double(step) / Double(stepsPerEpoch)),
      "seconds": .number(ProcessMeasurements.now() - start), "views_per_second": .number(viewsPerSecond),
      "peak_rss_bytes_max": .integer(memory.maximum), "peak_rss_bytes_sum": .integer(memory.sum),
      "final_loss": lastReport.map { report in .number(report.loss) } ?? .null,
      "loss_lower_bound": lastReport.map { report in .number(report.lowerBound) } ?? .null,
    ]
    fields.merge(origin(step: step, status: status)) { own, _ in own }
    fields["init"] = configuration.model.initialPath.map { path in .text(path) }
    if configuration.isClassifying {
      fields["classes"] = configuration.classifier.classes.map { count in .integer(count) }
      fields["train_top1"] = lastReport?.trainTop1.map { top1 in .number(top1) }
    }
    if let (step, accuracy) = lastAccuracy {
      fields["test_step"] = .integer(step)
      fields["test_samples"] = .integer(accuracy.sampleCount)
      fields["test_top1"] = .number(accuracy.top1)
      fields["test_top5"] = .number(accuracy.top5)
      fields["top1_correct"] = .integer(accuracy.top1Count)
      fields["top5_correct"] = .integer(accuracy.top5Count)
      fields.merge(averagedFields(lastAveragedAccuracy)) { own, _ in own }
    }
    return fields
  }
}

extension Traffic {
  /// Calls, received bytes and seconds of each collective, by its MPI name.
  var fields: [String: JSONValue] {
    let used = Collective.allCases.filter { collective in self[collective].calls > 0 }
    return Dictionary(
      uniqueKeysWithValues: used.map { collective in
        let share = self[collective]
        return (
          collective.function,
          .object([
            "calls": .integer(share.calls), "received_bytes": .integer(share.receivedByteCount),
            "seconds": .number(share.seconds),
          ])
        )
      })
  }
}
