import Configuration
import DistributedStep

extension BenchmarkResult {
  /// Formats the result as a table for the terminal.
  func table() -> String {
    var lines = [
      "\(setting("model")) on \(setting("dataset")), \(setting("precision")), batch \(setting("batch_size")) × "
        + "\(setting("views")) views in shards of \(setting("shard_size")), augmentation \(setting("augmentation"))",
      "\(counted(ranks, "rank")) × \(counted(threadsPerRank, "thread")), \(cpu), \(counted(steps, "step")) measured",
      "",
      "views per second   \(decimal(viewsPerSecond, 1))",
      "seconds per step   \(decimal(stepSeconds, 4))",
      "",
      padded("part") + column("seconds") + column("share") + column("slowest rank"),
    ]
    for name in Self.partNames {
      guard let seconds = secondsByPart[name], name != StepPart.statistics.name || seconds.slowestRank > 0 else {
        continue
      }
      lines.append(
        padded(name) + column(decimal(seconds.mean, 4)) + column(percentage(seconds.mean / stepSeconds))
          + column(decimal(seconds.slowestRank, 4)))
    }
    lines += [
      "",
      "arithmetic         \(decimal(gigaflops, 1)) GFLOP/s, \(percentage(shareOfMatrixProduct)) of the float32 matrix "
        + "product's rate (\(decimal(matrixProductGigaflops, 1)) GFLOP/s)",
      "memory bandwidth   \(decimal(memoryGigabytesPerSecond, 1)) GB/s read and written by copies",
      "peak memory        \(megabytes(peakResidentBytesMaximum)) of a rank, \(megabytes(peakResidentBytesSum)) of all",
      "start-up           \(startupSeconds.map { seconds in "\(decimal(seconds, 2)) s" } ?? "unknown")",
      "messages           \(megabytes(gatheredBytesPerRank)) gathered by a rank and "
        + "a vector of \(megabytes(reducedVectorBytes)) reduced, each step",
    ]
    if !collectives.isEmpty {
      lines += ["", padded("collective", 16) + column("calls a step") + column("received") + column("seconds")]
    }
    for (name, share) in collectives.sorted(by: { one, other in one.key < other.key }) {
      lines.append(
        padded(name, 16) + column(decimal(share.calls, 1)) + column("\(decimal(1e-6 * share.receivedBytes, 3)) MB")
          + column(decimal(share.seconds, 4)))
    }
    return lines.joined(separator: "\n")
  }

  /// Returns a comparison with an earlier result: speedup in views per second, and ratio of memory.
  func comparison(with earlier: BenchmarkResult, name: String) -> String {
    var lines = [
      "compared with \(name): ratios above 1 are better",
      padded("overall") + ratio(viewsPerSecond, earlier.viewsPerSecond),
    ]
    // If the numbers of views per step differ, seconds are compared for equal numbers of views.
    let views = Double(viewsPerStep) / Double(earlier.viewsPerStep)
    for name in StepPart.allCases.map(\.name) {
      guard let own = secondsByPart[name], let other = earlier.secondsByPart[name] else { continue }
      lines.append(padded(name) + ratio(other.mean * views, own.mean))
    }
    lines.append(padded("memory") + ratio(Double(earlier.peakResidentBytesSum), Double(peakResidentBytesSum)))
    lines += differences(from: earlier).map { difference in "note: \(difference)" }
    return lines.joined(separator: "\n")
  }

  /// Returns the differences in machine and settings that may explain a difference in speed or memory.
  private func differences(from earlier: BenchmarkResult) -> [String] {
    let facts: [(name: String, own: String, other: String)] = [
      ("cpu", cpu, earlier.cpu), ("version", version, earlier.version), ("ranks", "\(ranks)", "\(earlier.ranks)"),
      ("threads per rank", "\(threadsPerRank)", "\(earlier.threadsPerRank)"),
    ]
    let settings = Set(settings.keys).union(earlier.settings.keys).sorted().map { key in
      (key, self.settings[key]?.description ?? "absent", earlier.settings[key]?.description ?? "absent")
    }
    return (facts + settings).filter { fact in fact.own != fact.other }.map { fact in
      "\(fact.name) is \(fact.own), was \(fact.other)"
    }
  }

  private func setting(_ name: String) -> String {
    settings[name]?.description ?? "?"
  }
}

/// Pads a text with spaces to the width of a table's first column.
private func padded(_ text: String, _ width: Int = 12) -> String { text.padded(width, least: 0) }

/// Aligns a text to the right within the width of a table's second or later column.
private func column(_ text: String) -> String { text.aligned(14) }

private func ratio(_ numerator: Double, _ denominator: Double) -> String {
  column(denominator > 0 && numerator > 0 ? decimal(numerator / denominator, 3) : "–")
}
