import Configuration
import Foundation
import Reporting
import Runs
import TestSupport
import Testing

/// The page of several runs, and the notes of any page.
struct ComparisonTests {
  /// Writes a run directory with one logged epoch, and reads it.
  private func makeRun(
    _ path: String, _ summary: String = "{}", _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> RunRecord {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    var configuration = Configuration()
    change(&configuration)
    try writeBytes(Array(configuration.yaml().utf8), to: "\(path)/config.yaml")
    try writeBytes(Array(summary.utf8), to: "\(path)/summary.json")
    let row = #"{"kind":"epoch","step":1,"epoch":1,"loss":2.5,"knn20_weighted_top1":1}"#
    try writeBytes(Array(row.utf8), to: "\(path)/metrics.jsonl")
    return try RunRecord(path: path)
  }

  @Test func `runs of one name are told apart by the folders that they are in`() throws {
    #expect(RunDirectory.names(ofPaths: ["runs/p"]) == ["p"])
    #expect(RunDirectory.names(ofPaths: ["A/p", "B/p/", "q"]) == ["A/p", "B/p", "q"])
    #expect(RunDirectory.names(ofPaths: ["x/A/p", "y/A/p", "B/p"]) == ["x/A/p", "y/A/p", "B/p"])
    #expect(RunDirectory.names(ofPaths: ["p", "./p"]) == ["p", "./p"])
    let directory = try TemporaryDirectory()
    let html = ReportStage.page([
      try makeRun(directory.file("A/p")), try makeRun(directory.file("B/p")),
    ]).html
    #expect(html.contains("</svg>A/p</li>") && html.contains("</svg>B/p</li>") && html.contains("<p>A/p, B/p</p>"))
  }

  @Test func `results have a row for each measure and a column for each run`() throws {
    let directory = try TemporaryDirectory()
    let html = ReportStage.page([
      try makeRun(directory.file("a"), #"{"linear_top1":0.5}"#),
      try makeRun(directory.file("b"), #"{"linear_top1":0.75}"#),
    ]).html
    let accuracies = html.matches(of: #/>linear probe, top-1</th><td class="n">50.0.%</td>\s*<td class="n">75.0.%</#)
    #expect(accuracies.count == 1)
    #expect(html.contains("<th scope=\"row\">last loss</th><td class=\"n\">2.5</td>"))
  }

  @Test func `many runs stand in several tables that fit on paper`() throws {
    let directory = try TemporaryDirectory()
    var runs: [RunRecord] = []
    for number in 1...8 {
      runs.append(
        try makeRun(directory.file("run\(number)"), #"{"linear_top1":0.5}"#) { configuration in
          configuration.loss.temperature = Double(number) / 10
        })
    }
    let html = ReportStage.page(runs).html
    for caption in ["Results", "Options that differ"] {
      for columns in ["1 to 6", "7 to 8"] {
        #expect(html.contains("<caption>\(caption), columns \(columns) of 8</caption>"), "\(caption)")
      }
    }
    let heads = html.components(separatedBy: "<thead>").dropFirst().map { part in
      part.components(separatedBy: "</thead>")[0].components(separatedBy: "scope=\"col\"").count - 1
    }
    #expect(heads.count >= 4 && heads.allSatisfy { count in count <= 7 }, "\(heads)")
  }

  @Test func `curves of more runs than there are colors differ in markers and dashes`() throws {
    let directory = try TemporaryDirectory()
    var runs: [RunRecord] = []
    // Beyond a hundred the first dashes are over, too.
    for number in 1...130 { runs.append(try makeRun(directory.file("run\(number)"))) }
    let html = ReportStage.page(runs).html
    let items = html.matches(of: #/<li><svg viewBox="0 0 36 14" aria-hidden="true">(.*?)<\/svg>(run[0-9]+)<\/li>/#)
    let drawings = Dictionary(items.map { item in (item.output.2, item.output.1) }) { first, _ in first }
    #expect(drawings.count == 130 && Set(drawings.values).count == 130)
  }

  /// The page of two runs on data with the given fingerprints of bytes.
  private func page(in folder: String, _ contents: [String]) throws -> String {
    var runs: [RunRecord] = []
    for (name, contents) in zip(["a", "b"], contents) {
      runs.append(
        try makeRun("\(folder)/\(name)") { configuration in
          configuration.data.fingerprint = String(repeating: name + "123", count: 16)
          configuration.data.contents = contents
        })
    }
    return ReportStage.page(runs).html
  }

  @Test func `of hashes only the beginnings are compared, and of contents only the bytes`() throws {
    let directory = try TemporaryDirectory()
    let copied = try page(in: directory.path, ["aaaa-1111-cccc-1", "aaaa-2222-cccc-2"])
    #expect(copied.contains(">a123a123a123</td>") && copied.contains(">b123b123b123</td>"))
    #expect(!copied.contains("a123a123a123a") && !copied.contains(">dataset-contents</th>"))
    let changed = try page(in: directory.path, ["aaaa-1111-cccc-1", "aaaa-2222-dddd-2"])
    #expect(changed.contains(">dataset-contents</th>"))
  }

  @Test func `a broken summary and results of other weights are named on the page`() throws {
    let directory = try TemporaryDirectory()
    let broken = try makeRun(directory.file("broken"), #"{"a":"#)
    let note = "broken/summary.json: is not an object of JSON"
    #expect(ReportStage.page([broken]).html.contains(note))
    try FileManager.default.createDirectory(
      atPath: directory.file("old/evaluation"), withIntermediateDirectories: true)
    try writeBytes(
      Array(#"{"weights_sha256":"1","knn_top1":0.5}"#.utf8), to: directory.file("old/evaluation/summary.json"))
    let old = try makeRun(directory.file("old"), #"{"weights_sha256":"2"}"#)
    let html = ReportStage.page([broken, old]).html
    #expect(html.contains(note) && html.contains("/old/evaluation: is"))
    let whole = try makeRun(directory.file("whole"))
    #expect(!ReportStage.page([whole]).html.contains("class=\"note\""))
  }

  @Test(arguments: ["summary.json", "metrics.jsonl", "evaluation/summary.json", "evaluation-pixels/summary.json"])
  func `a file that cannot be read is named with the reason`(file: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("run/\(file)")
    #expect(!ReportStage.page([try makeRun(directory.file("run"))]).html.contains("class=\"note\""))
    // A folder stands for a file without permission, which root could read.
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let unreadable = try RunRecord(path: directory.file("run"))
    let folder = ReportStage.page([unreadable]).html
    #expect(folder.contains("\(path): is not a regular file") && folder.contains("; it is left out"), "\(folder)")
    #expect(!folder.contains("is not an object of JSON"))
    guard geteuid() != 0 else { return }
    try FileManager.default.removeItem(atPath: path)
    try writeBytes(Array("{}".utf8), to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    let refused = ReportStage.page([try RunRecord(path: directory.file("run"))]).html
    #expect(refused.contains("\(path): cannot open it: Permission denied; it is left out"))
  }

  @Test(arguments: [#""test_fingerprint":"b","test_contents":null"#, #""test_contents":"2-c""#])
  func `accuracies that were measured on different test images are not compared without a note`(
    identity: String
  ) throws {
    let directory = try TemporaryDirectory()
    for folder in ["run/linear", "run/evaluation"] {
      try FileManager.default.createDirectory(atPath: directory.file(folder), withIntermediateDirectories: true)
    }
    let linear = #"{"linear_top1":0.5,"test_fingerprint":"a","test_contents":"1-c"}"#
    try writeBytes(Array(linear.utf8), to: directory.file("run/linear/summary.json"))
    let note = "/run/linear, evaluation: were measured on different test images"
    for (evaluated, isNoted) in [
      (identity, true), (#""test_fingerprint":"a","test_contents":"1-c""#, false),
      // Of earlier versions, without fields that tell.
      (#""train_samples":40"#, false),
    ] {
      let evaluation = "{\"knn_top1\":0.25,\(evaluated)}"
      try writeBytes(Array(evaluation.utf8), to: directory.file("run/evaluation/summary.json"))
      let run = try makeRun(directory.file("run"))
      let other = try makeRun(directory.file("other"))
      #expect(ReportStage.page([run]).html.contains(note) == isNoted, "\(evaluated)")
      #expect(ReportStage.page([run, other]).html.contains(note) == isNoted, "\(evaluated)")
    }
  }

  @Test func `a single epoch is the only number below its charts`() throws {
    let directory = try TemporaryDirectory()
    let html = ReportStage.page([try makeRun(directory.file("run"))]).html
    let labels = html.matches(of: #/<text x="[0-9.]+" y="210" text-anchor="middle">([^<]+)</#).map { label in
      String(label.output.1)
    }
    #expect(labels.count >= 2 && Set(labels) == ["1"], "\(labels)")
    #expect(html.contains("text-anchor=\"end\">2.5</text>"))
  }

  @Test func `a constant accuracy of 100 % is not drawn on an axis beyond it`() throws {
    let directory = try TemporaryDirectory()
    let html = ReportStage.page([try makeRun(directory.file("run"))]).html
    #expect(html.contains(">100</text>") && !html.contains(">102</text>") && !html.contains(">104</text>"))
  }
}
