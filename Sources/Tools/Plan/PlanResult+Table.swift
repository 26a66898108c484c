import Configuration

extension PlanResult {
  /// Formats the result as a table for the terminal.
  ///
  /// - Parameter isMeasuredAlone: True if a single process was timed for a run of several ranks.
  /// - Returns: The lines, without a newline at the end.
  func table(isMeasuredAlone: Bool) -> String {
    var lines = [
      "\(model), \(precision), views of \(imageSize[0])×\(imageSize[1]), batch \(batchSize) × \(views) views in shards of \(shardSize)",
      "\(counted(ranks, "rank")) × \(counted(threadsPerRank, "thread"))", "",
      row("parameters", grouped(parametersTotal)),
    ]
    lines += parameters.map { part in row("  \(part.name)", grouped(part.count)) }
    lines += [
      row(
        "multiply-adds of a view",
        "\(decimal(1e-6 * Double(multiplyAddsForwardPerView), 1)) M forward, \(decimal(1e-6 * Double(multiplyAddsBackwardPerView), 1)) M backward"
      ),
      "", row("memory of a rank", megabytes(memoryPerRankBytes)),
    ]
    lines += memoryPerRank.map { item in
      row("  \(item.name)", megabytes(item.byteCount) + (item.isShared ? ", once for the host" : ""))
    }
    lines.append(
      row(
        scaling == nil ? "memory of this host" : "memory of a host",
        "\(megabytes(memoryPerHostBytes)) for \(counted(ranksOnHost, "rank"))"
          + (freeBytes.map { bytes in ", \(megabytes(bytes)) free here" } ?? "")))
    lines += activationRows
    lines += ["", row("steps", "\(grouped(stepsPerEpoch)) an epoch, \(grouped(steps)) in all")]
    if let secondsPerStep, let secondsPerEpoch, let secondsTotal {
      lines.append(
        row(
          "time",
          "\(estimate(secondsPerStep)) a step, \(estimate(secondsPerEpoch)) an epoch\(stages == nil ? "" : " at the full size"), \(estimate(secondsTotal)) in all"
        ))
      lines += (stages ?? []).map { stage in
        row(
          "  views of \(stage.imageSize) pixels",
          "\(estimate(stage.secondsPerStep)) a step, \(counted(stage.steps, "step"))")
      }
      lines.append(row("", sourceOfTimes(isMeasuredAlone: isMeasuredAlone)))
    } else {
      let remedy =
        shardBlockOutputBytes == nil
        ? "give a smaller --shard-size or --activation-memory, or fewer ranks"
        : "give a smaller --activation-memory or --batch-size, more hosts, or --batch-norm shard"
      lines.append(row("time", "not tried: it does not fit; \(remedy)"))
    }
    lines.append(
      row("checkpoints", "\(megabytes(checkpointBytes)) each, \(checkpointsKept) kept"))
    if let scaling {
      lines += [""] + scaling.lines
    }
    return lines.joined(separator: "\n")
  }

  private func sourceOfTimes(isMeasuredAlone: Bool) -> String {
    if scaling != nil {
      return "from a shard on one rank and a model of the network, below"
    }
    return isMeasuredAlone
      ? "from a shard on one rank: without what the ranks share of cores and memory, and their messages"
      : "from a shard on each thread"
  }

  private var activationRows: [String] {
    let all = "\(counted(shardsPerRank, "shard")) of a rank, \(megabytes(shardActivationBytes)) each"
    guard let shardBlockOutputBytes else {
      return [
        row(
          "activations",
          shardsKept >= shardsPerRank
            ? "kept for all \(all)" : "kept for \(shardsKept) of \(all); the others run forward twice")
      ]
    }
    return [
      row(
        "activations",
        shardsKept >= shardsPerRank
          ? "kept for all \(all)"
          : "kept for \(shardsKept) of \(all); of the others the outputs of blocks, \(megabytes(shardBlockOutputBytes)) each, and each block runs forward twice"
      ),
      row("", "shards that share BatchNorm's statistics are all computed side by side"),
    ]
  }

  private func row(_ name: String, _ value: String) -> String {
    name.padded(40) + value
  }

  /// Inserts commas between groups of three digits.
  private func grouped(_ count: Int) -> String {
    var digits = String(count)
    for place in stride(from: digits.count - 3, to: 0, by: -3) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
    }
    return digits
  }

  /// Formats an estimated duration in a suitable unit.
  private func estimate(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(decimal(seconds, seconds < 10 ? 3 : 1)) s"
    case ..<7200: "\(decimal(seconds / 60, 1)) min"
    case ..<172_800: "\(decimal(seconds / 3600, 1)) h"
    default: "\(decimal(seconds / 86_400, 1)) days"
    }
  }
}
