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
    lines += memoryPerRank.map { item in row("  \(item.name)", megabytes(item.byteCount)) }
    lines.append(
      row(
        "memory of this host",
        "\(megabytes(memoryPerHostBytes)) for \(counted(ranksOnHost, "rank"))"
          + (freeBytes.map { bytes in ", \(megabytes(bytes)) free" } ?? "")))
    lines.append(
      row(
        "activations",
        shardsKept >= shardsPerRank
          ? "kept for all \(counted(shardsPerRank, "shard")) of a rank, \(megabytes(shardActivationBytes)) each"
          : "kept for \(shardsKept) of \(counted(shardsPerRank, "shard")) of a rank, \(megabytes(shardActivationBytes)) each; the others run forward twice"
      ))
    lines += ["", row("steps", "\(grouped(stepsPerEpoch)) an epoch, \(grouped(steps)) in all")]
    if let secondsPerStep, let secondsPerEpoch, let secondsTotal {
      lines += [
        row(
          "time",
          "\(estimate(secondsPerStep)) a step, \(estimate(secondsPerEpoch)) an epoch, \(estimate(secondsTotal)) in all"),
        row(
          "",
          isMeasuredAlone
            ? "from a shard on one rank: without what the ranks share of cores and memory, and their messages"
            : "from a shard on each thread"),
      ]
    } else {
      lines.append(
        row("time", "not tried: it does not fit; give a smaller --shard-size or --activation-memory, or fewer ranks"))
    }
    lines.append(
      row("checkpoints", "\(megabytes(checkpointBytes)) each, \(checkpointsKept) kept"))
    return lines.joined(separator: "\n")
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
