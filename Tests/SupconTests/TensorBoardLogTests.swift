import Foundation
import TestSupport
import Testing

/// The event files and the table of epochs of a run, beside `metrics.jsonl`.
struct TensorBoardLogTests {
  private func eventFiles(_ workshop: Workshop, _ run: String) throws -> [EventFile] {
    let folder = workshop.path("\(run)/tensorboard")
    // Two invocations of one second differ in the number of their processes: the first step tells their order.
    return try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { name in name.hasPrefix("events.out.tfevents.") }
      .map { name in try EventFile(readBytes("\(folder)/\(name)")) }
      .sorted { one, other in (one.firstStep ?? 0) < (other.firstStep ?? 0) }
  }

  /// The values of some fields of `metrics.jsonl`, as scalars.
  private func metrics(_ workshop: Workshop, _ run: String, _ names: [String]) throws -> Set<EventFile.Scalar> {
    Set(
      try JSONFields.lines(path: workshop.path("\(run)/metrics.jsonl")).flatMap { line in
        let (kind, step) = (try line.text("kind"), Int(try line.number("step")))
        return try names.filter { name in line.values[name] != nil }.map { name in
          EventFile.Scalar(tag: "\(kind)/\(name)", step: step, value: Float(try line.number(name)))
        }
      })
  }

  /// The rows of `summary.csv` by its heading.
  private func table(_ workshop: Workshop, _ run: String) throws -> [[String: String]] {
    let lines = try workshop.text("\(run)/summary.csv").split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { line in Dictionary(uniqueKeysWithValues: zip(lines[0], line)) }
  }

  @Test func `event files and the table agree with the metrics across a resume`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ranks: 2, ["--steps", "8", "--log-steps", "3"]))
    // As a kill after the end of the second epoch leaves it, with a checkpoint of step 8.
    try workshop.change("run/summary.csv") { text in text.append(Data("2,12,1,1,0,0,1,1,,\n".utf8)) }
    try succeeding(workshop.resume("run", ["--steps", "13"]))

    let files = try eventFiles(workshop, "run")
    #expect(files.map(\.firstStep) == [1, 9])
    let first = try #require(files.first?.scalars.first { scalar in scalar.tag == "step/loss" })
    #expect(first.step == 3 && first.value > 0)
    let names = [
      "loss", "loss_lower_bound", "loss_excess", "learning_rate", "views_per_second", "data_share", "seconds",
      "gradient_norm",
    ]
    let scalars = files.flatMap(\.scalars)
    let expected = try metrics(workshop, "run", names)
    #expect(Set(scalars) == expected && scalars.count == expected.count)

    let epochs = try JSONFields.lines(path: workshop.path("run/metrics.jsonl")).filter { line in
      line.values["kind"] == .text("epoch")
    }
    let rows = try table(workshop, "run")
    #expect(rows.map { row in row["epoch"] } == ["1", "2"] && rows.map { row in row["step"] } == ["6", "12"])
    for (row, epoch) in zip(rows, epochs) {
      for name in ["loss", "loss_lower_bound", "views_per_second", "seconds"] {
        #expect(try row[name].flatMap(Double.init) == epoch.number(name), "\(name)")
      }
      #expect(try row["learning_rate"].flatMap(Float.init) == Float(epoch.number("learning_rate")))
      let excess = try epoch.number("loss") - epoch.number("loss_lower_bound")
      #expect(row["loss_excess"].flatMap(Double.init) == excess)
      #expect(row["train_top1"] == "" && row["test_top1"] == "")
    }
  }

  @Test func `accuracies stand in the row of their epoch and in the event file`() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.run(
        ["supervised", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
          + Workshop.configuration + ["--steps", "12", "--evaluate-epochs", "2"]))
    let rows = try table(workshop, "run")
    let top1 = try workshop.summary("run").number("test_top1")
    #expect(rows.count == 2 && rows.first?["test_top1"] == "")
    #expect(rows.last?["test_top1"].flatMap(Double.init) == top1)
    #expect(rows.allSatisfy { row in row["train_top1"].flatMap(Double.init) != nil })
    let scalars = try eventFiles(workshop, "run").flatMap(\.scalars)
    #expect(scalars.contains(EventFile.Scalar(tag: "test/test_top1", step: 12, value: Float(top1))))
    #expect(scalars.filter { scalar in scalar.tag == "epoch/train_top1" }.map(\.step) == [6, 12])
  }

  @Test(arguments: [
    (command: "pretrain", options: ["--cross-entropy-weight", "0.5"]), (command: "supervised", options: [] as [String]),
  ])
  func `the values of an epoch are means over its steps`(command: String, options: [String]) throws {
    let workshop = try Workshop()
    let run = [command, "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path("run")]
    try succeeding(workshop.run(run + Workshop.configuration + options + ["--steps", "14", "--log-steps", "1"]))
    let lines = try JSONFields.lines(path: workshop.path("run/metrics.jsonl"))
    func values(_ kind: String, _ name: String) throws -> [Double] {
      try lines.filter { line in line.values["kind"] == .text(kind) }.map { line in try line.number(name) }
    }
    let rows = try table(workshop, "run")
    for name in ["loss", "loss_lower_bound", "train_top1"] {
      let steps = try values("step", name)
      try #require(steps.count == 14)
      let epochs = try values("epoch", name)
      let means = [0, 6].map { first in steps[first..<first + 6].reduce(0, +) / 6 }
      #expect(zip(epochs, means).allSatisfy { own, mean in abs(own - mean) < 1e-9 }, "\(name)")
      #expect(rows.compactMap { row in row[name].flatMap(Double.init) } == epochs, "\(name)")
    }
    if command == "pretrain" {
      // It depends on the labels of a batch.
      #expect(Set(try values("step", "loss_lower_bound")).count > 1)
    }
    // The last epoch that ended, not the two steps after it.
    #expect(try workshop.summary("run").number("train_top1") == values("epoch", "train_top1")[1])
    #expect(try workshop.summary("run").number("final_loss") == values("step", "loss")[13])
  }

  @Test func `a run goes on without event files and table, with one warning each`() throws {
    let workshop = try Workshop()
    let expected = try workshop.weights("undisturbed", ["--steps", "12", "--log-steps", "1"])
    try FileManager.default.createDirectory(atPath: workshop.path("run"), withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: workshop.path("run/tensorboard")))
    // The table's temporary file cannot be created where a folder is.
    try FileManager.default.createDirectory(
      atPath: workshop.path("run/summary.csv.temporary"), withIntermediateDirectories: true)
    let result = try succeeding(workshop.pretrain("run", ["--steps", "12", "--log-steps", "1"]))
    let warnings = (result.standardOutput + result.standardError).split(separator: "\n").filter { line in
      line.contains("warning") && line.contains("the run goes on")
    }
    #expect(warnings.count { line in line.contains("run/tensorboard") } == 1, "\(warnings)")
    #expect(warnings.count { line in line.contains("run/summary.csv") } == 1, "\(warnings)")
    #expect(try workshop.weights(of: "run") == expected)
    let rows = try JSONFields.lines(path: workshop.path("run/metrics.jsonl"))
    #expect(rows.count == 14)
  }
}
