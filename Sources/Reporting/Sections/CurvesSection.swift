import Configuration
import Runs

/// The report's section of curves: loss, accuracies, learning rate, gradient norm, speed, and the time of each part of
/// a step.
struct CurvesSection {
  let runs: [RunRecord]

  var section: Page.Section? {
    let charts = [loss, excess] + accuracies + [rate, gradientNorm, speed] + others
    let figures = charts.compactMap { chart in chart.figure } + [parts].compactMap { part in part }
    guard !figures.isEmpty else { return nil }
    return Page.Section(name: "curves", title: "Training", content: "<div class=\"grid\">\(figures)</div>")
  }

  private var isComparison: Bool { runs.count > 1 }

  /// Returns the curves of a field, one for each run that has it.
  private func series(_ field: String, _ name: String) -> [LineChart.Series] {
    runs.enumerated().map { index, run in
      LineChart.Series(name: isComparison ? run.name : name, points: run.points(field), style: index)
    }
  }

  private func chart(
    _ title: String, _ yTitle: String, _ series: [LineChart.Series], fromZero: Bool = false,
    limits: ClosedRange<Double>? = nil, caption: String? = nil
  ) -> LineChart {
    LineChart(
      title: title, xTitle: "epoch", yTitle: yTitle, series: series, includesZero: fromZero, limits: limits,
      caption: caption)
  }

  private var loss: LineChart {
    var series = series("loss", "loss")
    let bound = runs.first.map { run in run.points("loss_lower_bound") } ?? []
    if !isComparison, !bound.isEmpty {
      series.append(LineChart.Series(name: "lower bound for the labels of the batch", points: bound, style: 1))
    }
    return chart("Loss", "nats", series)
  }

  private var excess: LineChart {
    chart(
      "Loss above its lower bound", "nats", series("loss_excess", "Loss above its lower bound"), fromZero: true,
      caption: "Zero would be perfect clusters; the bound itself depends on the labels of the batch.")
  }

  /// The charts of accuracies: all in one chart for a single run, one chart per measure for several runs.
  private var accuracies: [LineChart] {
    let fields = ResultNames.sorted(
      Set(runs.flatMap { run in run.rows.flatMap { row in row.values.keys.filter(RunRecord.isAccuracy) } }))
    let curves = fields.map { field in
      runs.enumerated().map { index, run in
        LineChart.Series(
          name: isComparison ? run.name : ResultNames.name(field),
          points: run.points(field).map { point in (x: point.x, y: 100 * point.y) }, style: index)
      }.filter { series in !series.points.isEmpty }
    }
    guard isComparison else {
      // Averaged weights have as many curves as the raw ones: a chart of their own.
      let isAverage = fields.map { field in field.hasPrefix(ResultNames.averagePrefix) }
      return [(false, "Accuracy"), (true, "Accuracy of the averaged weights")].map { average, title in
        let series = zip(isAverage, curves).filter { own, _ in own == average }.flatMap(\.1)
        return chart(
          title, "%",
          series.enumerated().map { index, series in
            LineChart.Series(name: series.name, points: series.points, style: index)
          }, limits: Axis.percentages)
      }
    }
    return zip(fields, curves).filter { field, _ in !field.hasSuffix("top5") }.map { field, series in
      chart("Accuracy: \(ResultNames.name(field))", "%", series, limits: Axis.percentages)
    }
  }

  private var rate: LineChart {
    chart("Learning rate", "learning rate", series("learning_rate", "Learning rate"), fromZero: true)
  }

  private var gradientNorm: LineChart {
    // Epochs have no gradient norm: the points are those of steps, of which there may be few.
    chart(
      "Gradient norm", "norm", series("gradient_norm", "Gradient norm"), fromZero: true,
      caption: runs.contains(where: \.isDrawnByEpoch) ? "Of the logged steps (--log-steps)." : nil)
  }

  private var speed: LineChart {
    chart("Speed", "views per second", series("views_per_second", "Speed"), fromZero: true)
  }

  /// The charts of measures other than accuracies: alignment, uniformity, loss of the linear probe, temperature.
  private var others: [LineChart] {
    ["alignment", "uniformity", "linear_loss", "temperature"].map { field in
      let name = ResultNames.name(field)
      let title = name.prefix(1).uppercased() + name.dropFirst()
      return chart(title, name, series(field, title))
    }
  }

  /// The table of mean seconds of each part of a step: with shares and bars for a single run, in columns for several
  /// runs.
  private var parts: Markup? {
    let means = runs.map(meanParts)
    guard let names = means.max(by: { one, other in one.count < other.count })?.map(\.name), !names.isEmpty else {
      return nil
    }
    let title = "Time of each part of a step"
    guard !isComparison else {
      let rows = names.map { name -> (name: String, cells: [Markup]) in
        let cells = means.map { parts -> Markup in
          parts.first { part in part.name == name }.map { part in "\(short(1000 * part.seconds))" } ?? "–"
        }
        return (name: name, cells: cells)
      }
      return Elements.figure(
        title,
        Elements.comparison(
          "Mean over the logged steps, in ms", first: "part", columns: runs.map(\.name), rows: rows,
          isNumeric: true))
    }
    let total = means[0].reduce(0) { sum, part in sum + part.seconds }
    let rows = means[0].map { name, seconds -> [Markup] in
      let share = seconds / max(total, 1e-12)
      return [
        "\(name)", "\(short(1000 * seconds))", "\(percent(share))",
        "<span class=\"bar\" style=\"width:\(5 * share)rem\"></span>",
      ]
    }
    return Elements.figure(
      title,
      Elements.table("Mean over the logged steps", header: ["part", "ms", "share", "bar"], rows: rows, numeric: 1..<3))
  }

  private func meanParts(_ run: RunRecord) -> [(name: String, seconds: Double)] {
    let rows = run.rows.filter { row in !row.parts.isEmpty }
    let order = ["data", "statistics", "forward", "gather", "loss", "backward", "reduce", "update"]
    let names = Set(rows.flatMap(\.parts.keys)).sorted { one, other in
      (order.firstIndex(of: one) ?? 99, one) < (order.firstIndex(of: other) ?? 99, other)
    }
    return names.map { name in
      (name, rows.reduce(0) { sum, row in sum + (row.parts[name] ?? 0) } / Double(rows.count))
    }
  }
}
