import Configuration
import Foundation
import Measures
import Reporting
import TestSupport
import Testing

/// The page of runs that are complete, old, damaged, or still going.
struct PageTests {
  private func write(_ text: String, _ path: String) throws {
    try writeBytes(Array(text.utf8), to: path)
  }

  /// A run of version 0.1.0: no kinds of rows, no status.
  private func makeOldRun(_ path: String, temperature: Double = 0.1) throws {
    try makeFolder(path)
    var configuration = Configuration()
    configuration.loss.temperature = temperature
    configuration.schedule.epochs = 4
    try write(configuration.yaml(), "\(path)/config.yaml")
    let rows = (1...8).map { step in
      """
      {"step":\(step),"epoch":\(Double(step) / 2),"loss":\(6.0 - Double(step) / 10),"loss_lower_bound":3.5,"loss_excess":\(2.5 - Double(step) / 10),"learning_rate":0.1,"views_per_second":100,"seconds_by_part":{"forward":0.2,"backward":0.4}}
      """
    }
    // The last line is one that is just being written.
    try write(rows.joined(separator: "\n") + "\n{\"step\":9,\"lo", "\(path)/metrics.jsonl")
    try write(#"{"version":"0.1.0","steps":8,"epochs":4,"linear_top1":0.913}"#, "\(path)/summary.json")
  }

  @Test func `a run of version 0.1.0 has curves, results and the command that repeats it`() throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("old run"))
    let html = ReportStage.page([try RunRecord(path: directory.file("old run"))]).html
    for text in [
      "<title>old run</title>", "Finished: 4 of 4 epochs, 8 steps.", "Loss above its lower bound", "91.3",
      "supcon pretrain --config", "forward", "role=\"img\"",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    // An attribute whose quotes are escaped has no effect.
    #expect(!html.contains("=&quot;") && html.contains("<table class=\"texts\">"))
    for address in ["http:", "https:", "<script", "src=\"/", "url("] {
      #expect(!html.contains(address), "\(address)")
    }
  }

  /// Each label ends at its x; a character is narrower than 7 units, and the title of the axis ends at 18.
  @Test(arguments: [[-0.148, -0.131], [0, 12_345_678], [1.25e-7, 3.5e-7]])
  func `labels of the vertical axis keep clear of its title`(_ losses: [Double]) throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("run"))
    let rows = losses.enumerated().map { index, loss in
      "{\"kind\":\"epoch\",\"step\":\(index + 1),\"epoch\":\(index + 1),\"loss\":\(loss)}"
    }
    try write(rows.joined(separator: "\n"), directory.file("run/metrics.jsonl"))
    let html = ReportStage.page([try RunRecord(path: directory.file("run"))]).html
    let labels = html.matches(of: #/x="([0-9.]+)" y="[0-9.]+" text-anchor="end">([^<]+)</#)
    #expect(labels.count > 2)
    for label in labels {
      let end = try #require(Double(label.output.1))
      #expect(end - 7 * Double(label.output.2.count) >= 20, "\(label.output.2) ends at \(end)")
    }
  }

  @Test func `few steps an epoch are drawn by epoch, and top-5 of few classes is left out`() throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("run"))
    let epochs = (1...9).map { epoch in
      "{\"kind\":\"epoch\",\"step\":\(epoch),\"epoch\":\(epoch),\"loss\":\(4.0 + Double(epoch) / 100)}"
    }
    let step = "{\"kind\":\"step\",\"step\":5,\"epoch\":5,\"loss\":7.25,\"seconds_by_part\":{\"forward\":0.2}}"
    try write((epochs + [step]).joined(separator: "\n"), directory.file("run/metrics.jsonl"))
    let summary = #"{"steps":9,"final_loss":4.125,"linear_top1":0.5,"linear_top5":0.875,"class_names":["a","b","c"]}"#
    try write(summary, directory.file("run/summary.json"))
    let record = try RunRecord(path: directory.file("run"))
    #expect(record.results.keys.contains("linear_top1") && !record.results.keys.contains("linear_top5"))
    let html = ReportStage.page([record]).html
    #expect(html.contains("loss from 4.01 to 4.09"))
    #expect(!html.contains("7.25"))
    try write(summary.replacing(#""c"]"#, with: #""c","d","e","f"]"#), directory.file("run/summary.json"))
    #expect(try RunRecord(path: directory.file("run")).results["linear_top5"] == 0.875)
  }

  @Test func `a long curve says that it is averaged, and names the extremes of its log`() throws {
    let directory = try TemporaryDirectory()
    for (count, isAveraged) in [(240, false), (500, true)] {
      let path = directory.file("run\(count)")
      try makeOldRun(path)
      let epochs = (1...count).map { epoch in
        let loss = epoch == 200 ? 50 : epoch == count ? 1 : 2
        return "{\"kind\":\"epoch\",\"step\":\(epoch),\"epoch\":\(epoch),\"loss\":\(loss)}"
      }
      try write(epochs.joined(separator: "\n"), "\(path)/metrics.jsonl")
      let html = ReportStage.page([try RunRecord(path: path)]).html
      #expect(html.contains("loss from 2 to 1 (lowest 1, highest 50)"))
      #expect(html.contains("Each point is a mean of consecutive ones.") == isAveraged, "\(count)")
    }
  }

  @Test func `the rows of a log that is being written are read up to its last whole line`() throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("run"))
    let text = try String(contentsOfFile: directory.file("run/metrics.jsonl"), encoding: .utf8)
    let rows = MetricRow.rows(ofText: text)
    #expect(rows.map(\.step) == Array(1...8))
    #expect(rows.last?.parts == ["forward": 0.2, "backward": 0.4])
    #expect(MetricRow.rows(ofText: "").isEmpty)
  }

  @Test func `several runs show the options that differ, and no others`() throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("a"), temperature: 0.1)
    try makeOldRun(directory.file("b"), temperature: 0.5)
    let html = ReportStage.page(try ["a", "b"].map { name in try RunRecord(path: directory.file(name)) }).html
    #expect(html.contains("Options that differ") && html.contains(">temperature</th>"))
    #expect(!html.contains(">epochs</th><td"))
  }

  @Test func `a folder without a run is refused with its name`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let error = #expect(throws: RunError.self) { try RunRecord(path: path) }
    #expect(error?.exitCode == .missing && error?.problem.contains(path) == true)
  }

  @Test func `a killed run says that it can be continued`() throws {
    let directory = try TemporaryDirectory()
    try makeOldRun(directory.file("run"))
    try write(#"{"status":"running","steps":3,"epochs":1.5,"target_epochs":4}"#, directory.file("run/summary.json"))
    let status = try RunRecord(path: directory.file("run")).status
    #expect(status.contains("killed") && status.contains("8 steps") && status.contains("--resume"))
  }

  @Test func `a class without images has no recall, and one that is never predicted no precision`() {
    let confusion = ConfusionMatrix(labels: [0, 0, 1, 4], predictions: [0, 3, 1, 1], classCount: 5)
    let html = ClassificationSections.classes(confusion, ["a", "b", "c", "d", "e"], "test").text
    let rows = html.matches(of: #/<th scope="row">([a-e])<\/th>(.*?)<\/tr>/#.dotMatchesNewlines()).map { row in
      let cells = row.output.2.matches(of: #/<td class="n">([^<]*)<\/td>/#).map { cell in String(cell.output.1) }
      return "\(row.output.1): \(cells.joined(separator: " "))"
    }
    #expect(
      rows.map { row in row.replacing("\u{A0}", with: " ") } == [
        "a: 2 50.0 % 100.0 %", "b: 1 100.0 % 50.0 %", "c: 0 – –", "d: 0 – 0.0 %", "e: 1 0.0 % –",
      ])
  }

  @Test func `texts cannot become markup`() {
    let name = "<b>&\"'\u{1}"
    let markup: Markup = "<td title=\"\(name)\">\(name)</td>"
    #expect(markup.text == "<td title=\"&lt;b&gt;&amp;&quot;&#39;\u{FFFD}\">&lt;b&gt;&amp;&quot;&#39;\u{FFFD}</td>")
    let nested: Markup = "\(markup)\([markup, markup])"
    #expect(nested.text == markup.text + markup.text + "\n" + markup.text)
  }

  @Test func `ticks are round numbers inside the axis`() {
    #expect(Axis([0.0, 10], count: 5).ticks == [0, 2, 4, 6, 8, 10])
    #expect(Axis([-1.0, 1], count: 4).ticks == [-1, -0.5, 0, 0.5, 1])
    for values in [[3.0, 3], [.nan, .infinity], [], [1e-9, 2e-9], [-5e6, 7e8]] {
      let axis = Axis(values, count: 5)
      #expect(!axis.ticks.isEmpty && axis.ticks.count < 12 && axis.ticks.allSatisfy(\.isFinite), "\(values)")
    }
  }
}
