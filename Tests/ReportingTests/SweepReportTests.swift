import Configuration
import Datasets
import Foundation
import Reporting
import Sweeps
import TestSupport
import Testing

/// The comparison of a sweep's runs.
struct SweepReportTests {
  private func record(
    _ directory: borrowing TemporaryDirectory, _ name: String, _ accuracy: Double, status: String = "finished"
  ) throws -> RunRecord {
    let path = directory.file(name)
    try makeFolder(path)
    try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
    let summary = #"{"status":"\#(status)","final_loss":1,"linear_top1":\#(accuracy)}"#
    try writeBytes(Array(summary.utf8), to: "\(path)/summary.json")
    return try RunRecord(path: path)
  }

  @Test func `the table and the plots have the metric of every finished run`() throws {
    let directory = try TemporaryDirectory()
    let entries = [
      SweepReport.Entry(name: "a", values: ["temperature": "0.1"], record: try record(directory, "a", 0.5)),
      SweepReport.Entry(name: "b", values: ["temperature": "0.2"], record: try record(directory, "b", 0.75)),
      SweepReport.Entry(name: "c", values: ["temperature": "0.2"], record: nil),
    ]
    let report = SweepReport(title: "sweep", entries: entries, options: ["temperature"], metric: "linear_top1")
    #expect(report.resultCount == 2)
    #expect(
      report.csv == """
        run,temperature,status,linear_top1
        a,0.1,finished,0.5
        b,0.2,finished,0.75
        c,0.2,not begun,

        """)
    let html = report.page.html
    #expect(html.contains("By temperature") && html.contains("0.2: median 75, from 75 to 75"))
    let best = try #require(html.range(of: ">b</th>"))
    let other = try #require(html.range(of: ">a</th>"))
    #expect(best.lowerBound < other.lowerBound)
  }

  @Test(arguments: ["final_loss", "linear_top1"])
  func `only finished runs with the options of the file are compared, the others are named`(metric: String) throws {
    let directory = try TemporaryDirectory()
    var entries = [
      SweepReport.Entry(name: "a", values: ["seed": "0"], record: try record(directory, "a", 0.5)),
      SweepReport.Entry(
        name: "other", values: ["seed": "1"], record: try record(directory, "b", 0.625), difference: "epochs 2, not 4"),
      SweepReport.Entry(name: "absent", values: ["seed": "2"], record: nil),
    ]
    for status in ["stopped", "running", "diverged"] {
      let other = try record(directory, status, 0.875, status: status)
      entries.append(SweepReport.Entry(name: "c-\(status)", values: ["seed": status], record: other))
    }
    let report = SweepReport(title: "sweep", entries: entries, options: ["seed"], metric: metric)
    #expect(report.resultCount == 1 && entries.count { entry in entry.comparedRecord != nil } == 1)
    #expect(
      report.leftOut == [
        "other (finished, begun with epochs 2, not 4)", "absent (not begun)", "c-stopped (stopped)",
        "c-running (running)", "c-diverged (diverged)",
      ])
    #expect(report.csv.contains("other,1,\"finished, begun with epochs 2, not 4\",\n"), "\(report.csv)")
    #expect(report.csv.contains("c-stopped,stopped,stopped,\n"), "\(report.csv)")
    #expect(!report.page.html.contains("87.5") && report.page.html.contains("begun with epochs 2, not 4"))
  }

  @Test(arguments: [
    ("final_loss", "smallest"), ("seconds", "smallest"), ("ece", "smallest"), ("peak_rss_bytes_max", "smallest"),
    ("views_per_second", "largest"), ("top1", "largest"),
  ])
  func `the best run is the first`(metric: String, kind: String) throws {
    let directory = try TemporaryDirectory()
    var entries = [SweepReport.Entry(name: "none", values: [:], record: nil)]
    for (name, value) in [("low", 0.25), ("high", 0.75), ("middle", 0.5)] {
      let path = directory.file(name)
      try makeFolder(path)
      try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
      try writeBytes(Array(#"{"status":"finished","\#(metric)":\#(value)}"#.utf8), to: "\(path)/summary.json")
      entries.append(SweepReport.Entry(name: name, values: [:], record: try RunRecord(path: path)))
    }
    let html = SweepReport(title: "sweep", entries: entries, options: [], metric: metric).page.html
    let names = html.matches(of: #/<th scope="row">([a-z]+)</#).map { match in String(match.output.1) }
    #expect(names == (kind == "smallest" ? ["low", "middle", "high", "none"] : ["high", "middle", "low", "none"]))
    #expect(html.contains("Runs, the \(kind) value first"))
  }

  /// Writes a finished run with fields of its summary, and results in folders, and reads it as a sweep does that
  /// chooses by a split.
  private func run(
    _ directory: borrowing TemporaryDirectory, _ name: String, _ split: Split, _ summary: String,
    _ results: [String: String] = [:]
  ) throws -> RunRecord {
    let path = directory.file(name)
    try makeFolder(path)
    try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
    try writeBytes(Array(#"{"status":"finished","final_loss":1,\#(summary)}"#.utf8), to: "\(path)/summary.json")
    for (folder, fields) in results {
      try makeFolder("\(path)/\(folder)")
      try writeBytes(Array("{\(fields)}".utf8), to: "\(path)/\(folder)/summary.json")
    }
    return try RunRecord(path: path, split: split)
  }

  private static let classifier = #""test_top1":0.75,"train_top1":0.875,"test_split""#

  @Test(
    arguments: [
      // Runs that hold no images out.
      (Split.test, #"\#(classifier):"test""#, [:], "test_top1"), (.test, #""steps":1"#, [:], "final_loss"),
      (.validation, #""steps":1"#, [:], "final_loss"),
      // Only test images were classified.
      (.validation, #"\#(classifier):"test""#, [:], "linear_top1"),
      // There were no test images.
      (.validation, #"\#(classifier):"validation""#, [:], "test_top1"),
      (.validation, #"\#(classifier):"test""#, ["evaluation-validation": #""top1":0.5,"knn_top1":0.25"#], "top1"),
      (.validation, #"\#(classifier):"test""#, ["evaluation": #""knn_top1":0.25"#], "linear_top1"),
    ] as [(Split, String, [String: String], String)])
  func `by default no test image takes part in the choice between runs that hold images out`(
    split: Split, summary: String, results: [String: String], field: String
  ) throws {
    let directory = try TemporaryDirectory()
    let record = try run(directory, "run", split, summary, results)
    #expect(SweepMetric.standardField(of: [record]) == field)
    #expect(SweepMetric.standardField(of: []) == "final_loss")
  }

  private func evaluated(
    _ directory: borrowing TemporaryDirectory, _ name: String, k: Int, _ split: Split = .test
  ) throws -> (name: String, record: RunRecord) {
    let folder = split == .test ? "evaluation" : "evaluation-validation"
    let fields = #""knn_top1":0.5,"neighbors":\#(k),"train_samples":500,"split":"\#(split.rawValue)""#
    return (name, try run(directory, name, split, #""steps":1"#, [folder: fields]))
  }

  @Test func `values of different measures are noted with the runs that have them`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (try evaluated(directory, "a", k: 20), try evaluated(directory, "b", k: 20))
    let (c, d) = (try evaluated(directory, "c", k: 5), try evaluated(directory, "d", k: 20, .validation))
    // As in the summary of a run whose evaluation has no folder any more.
    let e = (name: "e", record: try run(directory, "e", .test, #""knn_top1":0.25,"knn_neighbors":5"#))
    #expect(SweepMetric.note(on: "knn_top1", of: [a, b]) == nil)
    #expect(SweepMetric.note(on: "final_loss", of: [a, c, d]) == nil)
    let note = try #require(SweepMetric.note(on: "knn_top1", of: [a, b, c, e]))
    #expect(note.contains(": k-NN, k 20, top-1 (a, b); k-NN, k 5, top-1 (c, e); measure all"), "\(note)")
    let splits = try #require(SweepMetric.note(on: "knn_top1", of: [a, d]))
    #expect(splits.contains("k-NN, k 20, top-1 (a); k-NN, k 20, top-1, on validation images (d)"), "\(splits)")
    let page = SweepReport(title: "sweep", entries: [], options: [], metric: "knn_top1", note: note).page.html
    #expect(page.contains("<p class=\"note\">knn_top1 is not the same measure"), "\(page)")
  }

  @Test(arguments: [
    (["test", "test"], "classifier on test images, top-1"),
    (["validation", "validation"], "classifier on validation images, top-1"), (["test", "validation"], "test_top1"),
  ])
  func `the heading names the images of the compared results, or the field if they differ`(
    splits: [String], heading: String
  ) throws {
    let directory = try TemporaryDirectory()
    var entries: [SweepReport.Entry] = []
    for (index, split) in (splits + ["test", "validation"]).enumerated() {
      let record = try run(directory, "run\(index)", .test, #""test_top1":0.75,"test_split":"\#(split)""#)
      // The last two are not compared.
      let difference = index < splits.count ? nil : "epochs 2, not 4"
      entries.append(SweepReport.Entry(name: "run\(index)", values: [:], record: record, difference: difference))
    }
    let html = SweepReport(title: "sweep", entries: entries, options: [], metric: "test_top1").page.html
    #expect(html.contains(">\(heading)</th>"), "\(html)")
  }

  @Test func `a loss of training is not one of the images that were evaluated later`() throws {
    let directory = try TemporaryDirectory()
    let evaluation = #""knn_top1":0.5,"split":"validation""#
    let record = try run(directory, "run", .test, #""steps":1"#, ["evaluation": evaluation])
    #expect(record.isOfValidation("knn_top1") && !record.isOfValidation("final_loss"))
    let entry = SweepReport.Entry(name: "run", values: [:], record: record)
    let html = SweepReport(title: "sweep", entries: [entry], options: [], metric: "final_loss").page.html
    #expect(html.contains(">last loss</th>"), "\(html)")
  }

  /// Names of groups, and whether they have no room below their boxes.
  private static let groups: [([String], Bool)] = [
    (["0.1", "0.2", "0.5"], false),
    // On two lines.
    (["airplane", "automobile", "bird", "motorcycle", "deer", "dogs"], false),
    ((1...3).map { side in "resized-crop(area=0.2..1, filter=bicubic) + flip + cutout(side=\(side))" }, true),
    ((100..<160).map { seed in "\(seed)" }, true),
    (["resized-crop(area=0.2..1, filter=bicubic) + flip + jitter(hue=0) + cutout(side=8)"], true),
  ]

  /// A letter is 7 units wide, and the plot 400.
  @Test(arguments: groups)
  func `names without room are numbers with a legend`(names: [String], isNumbered: Bool) throws {
    let directory = try TemporaryDirectory()
    var entries: [SweepReport.Entry] = []
    for (index, name) in names.enumerated() {
      let record = try record(directory, "run\(index)", 0.5)
      entries.append(SweepReport.Entry(name: "run\(index)", values: ["augmentation": name], record: record))
    }
    let report = SweepReport(title: "sweep", entries: entries, options: ["augmentation"], metric: "linear_top1")
    let html = report.page.html
    let labels = html.matches(of: #/<text x="([0-9.]+)" y="([0-9.]+)" text-anchor="middle">([^<]+)</#)
    var ends: [Substring: Double] = [:]
    for label in labels {
      let half = 3.5 * Double(label.output.3.count)
      let middle = try #require(Double(label.output.1))
      #expect(middle - half >= 0 && middle + half <= 400 && middle - half > ends[label.output.2] ?? 0)
      ends[label.output.2] = middle + half
    }
    #expect(!labels.isEmpty && isNumbered == (labels[0].output.3 == "1"))
    for (index, name) in names.enumerated() {
      #expect(html.contains("<li>\(index + 1): \(name)</li>") == isNumbered)
    }
  }

  /// A label ends at its x; a character is narrower than 7 units, and the title of the axis ends at 18.
  @Test func `labels of large values keep clear of the title of the axis`() throws {
    let directory = try TemporaryDirectory()
    var entries: [SweepReport.Entry] = []
    for (name, bytes) in [("a", 1_200_000_000), ("b", 1_330_000_000)] {
      let path = directory.file(name)
      try makeFolder(path)
      try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
      let summary = #"{"status":"finished","peak_rss_bytes_max":\#(bytes)}"#
      try writeBytes(Array(summary.utf8), to: "\(path)/summary.json")
      entries.append(SweepReport.Entry(name: name, values: ["seed": name], record: try RunRecord(path: path)))
    }
    let html = SweepReport(title: "sweep", entries: entries, options: ["seed"], metric: "peak_rss_bytes_max").page.html
    let labels = html.matches(of: #/<text x="([0-9.]+)" y="[0-9.]+" text-anchor="end">([^<]+)</#)
    #expect(labels.contains { label in label.output.2 == "1.25e9" }, "\(html)")
    for label in labels {
      let end = try #require(Double(label.output.1))
      #expect(end - 7 * Double(label.output.2.count) >= 20, "\(label.output.2) ends at \(end)")
    }
  }

  @Test func `an accuracy of 100 % is not drawn on an axis beyond it`() throws {
    let directory = try TemporaryDirectory()
    let entries = [
      SweepReport.Entry(name: "a", values: ["temperature": "0.1"], record: try record(directory, "a", 1)),
      SweepReport.Entry(name: "b", values: ["temperature": "0.2"], record: try record(directory, "b", 1)),
    ]
    let html = SweepReport(title: "sweep", entries: entries, options: ["temperature"], metric: "linear_top1").page.html
    #expect(html.contains(">100</text>") && !html.contains(">102</text>") && !html.contains(">104</text>"))
  }

  @Test func `quartiles are interpolated between sorted values`() {
    let numbers = BoxPlot.quartiles([4, 1, 3, 2])
    #expect(numbers.low == 1 && numbers.lower == 1.75 && numbers.median == 2.5 && numbers.upper == 3.25)
    #expect(numbers.high == 4 && BoxPlot.quartiles([7]).median == 7)
  }
}
