import Foundation
import TestSupport
import Testing

/// `supcon sweep` as a user runs it.
struct SweepTests {
  @Test func `a sweep without a dataset is one of the built-in images`() throws {
    let workshop = try Workshop()
    let text = """
      options: {epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8}
      grid: {temperature: [0.1, 0.5]}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try succeeding(workshop.run(["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]))
    let table = try workshop.text("sweep/sweep.csv").split(separator: "\n")
    #expect(table.count == 3 && table.dropFirst().allSatisfy { row in row.contains("finished") }, "\(table)")
  }

  @Test func `a list has a line a run on the standard output, whatever the start notes`() throws {
    let workshop = try Workshop()
    try write("options: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    let list = try succeeding(
      runProcess(
        builtExecutable("supcon"), ["sweep", workshop.path("sweep.yaml"), "--list", "--output", "sweep"],
        environment: ["ONEDNN_MAX_CPU_ISA": "SSE41", "DNNL_MAX_CPU_ISA": "SSE41"]))
    #expect(list.standardOutput == "0\tsweep/temperature-0.1\n1\tsweep/temperature-0.5\n")
    #expect(list.standardError.contains("note: ") && list.standardError.contains("ONEDNN_MAX_CPU_ISA"))
  }

  @Test func `runs that hold images out are compared by them, within one time limit`() throws {
    let workshop = try Workshop()
    let text = """
      options: {epochs: 1, shapes-train: 128, shapes-test: 32, batch-size: 32, shard-size: 8, validation-fraction: 0.25}
      grid: {temperature: [0.1, 0.5]}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    // The limit of the whole sweep is over before its first run.
    let stopped = try workshop.run(ranks: 2, sweep + ["--max-time", "0.000001"])
    #expect(stopped.exitCode == 75 && stopped.standardOutput.contains("start the sweep again"), "\(stopped)")
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/temperature-0.1")))
    try succeeding(workshop.run(sweep))
    let table = try workshop.text("sweep/sweep.csv").split(separator: "\n")
    #expect(table.first?.hasSuffix("linear_top1") == true && table.count == 3, "\(table)")
    for run in ["temperature-0.1", "temperature-0.5"] {
      let result = try workshop.summary("sweep/\(run)", stage: "linear-validation")
      #expect(try result.text("split") == "validation" && table.contains { row in row.hasPrefix(run) })
      #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/\(run)/linear")))
    }
  }

  @Test(arguments: [
    ("grid: {loss: [supcon, sincere], denominator: [all, one-positive]}", "loss-sincere-denominator-one_positive"),
    ("grid: {progressive-size: [8, 12], progressive-epochs: [1]}", "progressive-size-8-progressive-epochs-1"),
    ("runs: [{temperature: 0.2}, {batch-size: 30}]", "batch-size-30"),
  ])
  func `options that exclude each other are refused before the first run`(runs: String, name: String) throws {
    let workshop = try Workshop()
    let text = "options: {epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8}\n\(runs)\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    for option in [[], ["--list"]] {
      try workshop.expectRefusal(
        ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")] + option, 64,
        naming: ["sweep/\(name): --"])
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--summarize", "--index", "0"], 64, naming: ["--summarize", "--index"])
  }

  @Test func `values whose file names are the same are runs of their own, trained on from older weights too`() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("a"), withIntermediateDirectories: false)
    for copy in ["a/b", "a_b"] { try workshop.copy("data", to: copy) }
    func write(steps: Int) throws {
      let text = """
        options: {dataset: cifar10, epochs: 1, steps: \(steps), batch-size: 32, shard-size: 8, model: resnet8}
        runs: [{data: \(workshop.path("a/b"))}, {data: \(workshop.path("a_b"))}]
        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    }
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    for steps in [2, 4] {
      try write(steps: steps)
      try succeeding(workshop.run(sweep))
      let runs = try FileManager.default.contentsOfDirectory(atPath: workshop.path("sweep")).filter { name in
        name.hasPrefix("data-")
      }
      #expect(runs.count == 2)
      for run in runs {
        #expect(try workshop.summary("sweep/\(run)", stage: "linear").number("pretraining_steps") == Double(steps))
      }
    }
  }

  @Test(arguments: [("temperature: 0.2", "temperature 0.2", "0.1"), ("seed: 3", "seed 3", "0")])
  func `an option that was changed in the file of a begun sweep is to be put back`(
    line: String, given: String, own: String
  ) throws {
    let workshop = try Workshop()
    func write(_ line: String) throws {
      let text = """
        options: {epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8, model: resnet8, \(line)}
        grid: {weight-decay: [0, 1e-4]}
        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    }
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep"), "--no-linear"]
    try write("steps: 1")
    try succeeding(workshop.run(sweep))
    try write("steps: 1, \(line)")
    let result = try workshop.run(sweep)
    #expect(result.exitCode == 78, "\(result)")
    let parts = ["sweep.yaml: gives \(given)", "begun with \(own)", "put the former value back", "another --output"]
    for part in parts { #expect(result.standardError.contains(part), "\(result.standardError)") }
    #expect(!result.standardError.contains("leave out"), "\(result.standardError)")
  }

  private static let options = "epochs: 1, shapes-train: 64, shapes-test: 32, batch-size: 32, shard-size: 8"

  private func write(_ text: String, in workshop: Workshop) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
  }

  @Test func `a sweep whose file has other options than its runs is refused before the first run`() throws {
    let workshop = try Workshop()
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep"), "--no-linear"]
    try write("options: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    try succeeding(workshop.run(sweep))
    // Finished runs are left as they are, with no advice that a sweep cannot follow.
    let again = try succeeding(workshop.run(sweep))
    #expect(again.standardOutput.contains("temperature-0.1: is finished"), "\(again)")
    #expect(!again.standardOutput.contains("--extend-epochs"), "\(again)")
    for (change, parts) in [
      ("epochs: 2", ["sweep.yaml: gives epochs 2", "begun with 1"]),
      ("weight-decay: 0.25", ["sweep.yaml: gives weight-decay 0.25", "begun with"]),
    ] {
      let options = Self.options.replacing("epochs: 1, ", with: "") + (change.hasPrefix("epochs") ? "" : ", epochs: 1")
      try write("options: {\(options), \(change)}\ngrid: {temperature: [0.9, 0.1, 0.5]}\n", in: workshop)
      for ranks in [1, 2] {
        expectRefusal(
          try workshop.run(ranks: ranks, sweep), 78, naming: parts + ["put the former value back", "another --output"])
      }
      #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/temperature-0.9")))
      let summary = try workshop.run(["sweep", workshop.path("sweep.yaml"), "--output", sweep[3], "--summarize"])
      #expect(summary.exitCode == 66, "\(summary)")
      let table = try workshop.text("sweep/sweep.csv")
      #expect(table.contains("finished, begun with") && table.contains("0.9,not begun,"), "\(table)")
    }
  }

  @Test func `runs that are not finished have no result, and a sweep without any does not end with 0`() throws {
    let workshop = try Workshop()
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    try write("metric: final_loss\noptions: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    expectRefusal(try workshop.run(sweep + ["--summarize"]), 66, naming: ["none of the 2 runs is finished"])
    try succeeding(workshop.run(sweep + ["--no-linear"]))
    for (index, run) in ["temperature-0.1", "temperature-0.5"].enumerated() {
      try workshop.change("sweep/\(run)/summary.json") { bytes in
        bytes = Data(String(decoding: bytes, as: UTF8.self).replacing("\"finished\"", with: "\"stopped\"").utf8)
      }
      let summary = try workshop.run(sweep + ["--summarize"])
      #expect(summary.exitCode == (index == 0 ? 0 : 66), "\(summary)")
      let text = summary.standardOutput + summary.standardError
      #expect(text.contains("not compared: temperature-0.1 (stopped)"), "\(text)")
      #expect(text.contains("sweep.csv: \(1 - index) of 2 runs"), "\(text)")
      #expect(try workshop.text("sweep/sweep.csv").contains("\(run),\(run.suffix(3)),stopped,\n"))
    }
  }

  @Test func `a result of a later command is missing until it has run`() throws {
    let workshop = try Workshop()
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    try write("metric: knn_top1\noptions: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    let trained = try succeeding(workshop.run(sweep + ["--no-linear"]))
    let text = trained.standardOutput + trained.standardError
    #expect(text.contains("measure each run with supcon evaluate RUN, then"), "\(text)")
    expectRefusal(
      try workshop.run(sweep + ["--summarize"]), 66, naming: ["no finished run has knn_top1", "supcon evaluate RUN"])
    try succeeding(workshop.run(["evaluate", workshop.path("sweep/temperature-0.5")]))
    let summary = try succeeding(workshop.run(sweep + ["--summarize"]))
    #expect(summary.standardOutput.contains("sweep.csv: 1 of 2 runs with a result"), "\(summary)")
  }

  @Test func `an option that was deleted from the file of a begun sweep is to be put back`() throws {
    let workshop = try Workshop()
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    let options = "\(Self.options), model: resnet8"
    try write("options: {\(options), temperature: 0.25}\ngrid: {weight-decay: [0, 1e-4]}\n", in: workshop)
    try succeeding(workshop.run(sweep + ["--no-linear"]))
    try write("options: {\(options)}\ngrid: {weight-decay: [0.5, 0, 1e-4]}\n", in: workshop)
    for ranks in [1, 2] {
      expectRefusal(
        try workshop.run(ranks: ranks, sweep), 78,
        naming: [
          "sweep.yaml: gives no temperature any more", "sweep/weight-decay-0 was begun with 0.25, which it keeps",
          "put the option back there", "another --output",
        ])
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep/weight-decay-0.5")))
    expectRefusal(try workshop.run(sweep + ["--summarize"]), 66, naming: ["none of the 3 runs is finished"])
    let table = try workshop.text("sweep/sweep.csv")
    #expect(table.contains("finished, begun with temperature 0.25, not the default"), "\(table)")
  }

  @Test func `runs that hold images out are compared by test images only if the file says so`() throws {
    let workshop = try Workshop()
    let sweep = ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")]
    let runs = """
      options: {\(Self.options), model: resnet8, validation-fraction: 0.25, cross-entropy-weight: 0.5}
      grid: {temperature: [0.1, 0.5]}

      """
    try write(runs, in: workshop)
    let trained = try succeeding(workshop.run(sweep + ["--no-linear"]))
    let text = trained.standardOutput + trained.standardError
    let parts = [
      "no finished run has linear_top1", "supcon linear RUN --split validation", "test_top1 is of test images",
    ]
    for part in parts { #expect(text.contains(part), "\(text)") }
    expectRefusal(try workshop.run(sweep + ["--summarize"]), 66, naming: parts)
    try write("metric: test_top1\n\(runs)", in: workshop)
    try succeeding(workshop.run(sweep + ["--summarize"]))
    let table = try workshop.text("sweep/sweep.csv").split(separator: "\n")
    #expect(table.first == "run,temperature,status,test_top1" && table.count == 3, "\(table)")
    for row in table.dropFirst() { #expect(row.contains(#/finished,[0-9]/#), "\(table)") }
  }

  @Test(arguments: ["test_top1", "average_test_top1", "average_linear_top1"])
  func `a metric that a run never has is refused before the first run`(metric: String) throws {
    let workshop = try Workshop()
    try write("metric: \(metric)\noptions: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    for option in [[], ["--list"]] {
      try workshop.expectRefusal(
        ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")] + option, 78,
        naming: ["sweep.yaml: metric: \(metric): temperature-0.1 never has it", "choose another metric"])
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.path("sweep")))
  }

  @Test(arguments: ["--list", "--summarize"])
  func `options of training are refused where nothing is trained`(mode: String) throws {
    let workshop = try Workshop()
    try write("options: {\(Self.options)}\ngrid: {temperature: [0.1, 0.5]}\n", in: workshop)
    for others in [["--max-time", "1"], ["--no-linear"], ["--index", "0"]] {
      try workshop.expectRefusal(
        ["sweep", workshop.path("sweep.yaml"), mode] + others, 64, naming: [mode, "leave \(others[0]) out"])
    }
  }

  @Test func `a metric that no command stores is refused before the first run`() throws {
    let workshop = try Workshop()
    let text = "metric: nope\noptions: {epochs: 1}\ngrid: {temperature: [0.1, 0.5]}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: workshop.path("sweep.yaml")))
    try workshop.expectRefusal(
      ["sweep", workshop.path("sweep.yaml"), "--output", workshop.path("sweep")], 78,
      naming: ["sweep.yaml:1", "metric: nope", "docs/usage.md"])
  }
}
