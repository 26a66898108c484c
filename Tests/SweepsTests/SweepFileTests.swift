import Configuration
import Datasets
import Foundation
import Sweeps
import Testing

/// The file of a sweep: its runs, their names and options, and the mistakes in it.
struct SweepFileTests {
  @Test func `a grid has every combination, the last option changing fastest`() throws {
    let file = try SweepFile(
      yaml: """
        output: runs/t
        metric: knn_top1
        options: {dataset: shapes, epochs: 7}
        grid: {temperature: [0.1, 0.5], seed: [0, 1, 2]}
        runs:
          - {temperature: 1, batch-size: 64}
        """, path: "sweep.yaml")
    #expect(file.output == "runs/t" && file.metric?.name == "knn_top1")
    #expect(
      file.runs.map(\.name)
        == [
          "temperature-0.1-seed-0", "temperature-0.1-seed-1", "temperature-0.1-seed-2", "temperature-0.5-seed-0",
          "temperature-0.5-seed-1", "temperature-0.5-seed-2", "temperature-1-batch_size-64",
        ].map { name in name.replacing("batch_size", with: "batch-size") })
    let configurations = file.runs.map { run in run.overrides.applied(to: Configuration()) }
    #expect(configurations.map(\.loss.temperature) == [0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 1])
    #expect(configurations.map(\.compute.seed) == [0, 1, 2, 0, 1, 2, 0])
    #expect(configurations.allSatisfy { configuration in configuration.schedule.epochs == 7 })
    #expect(configurations[6].batches.size == 64)
  }

  @Test(arguments: [
    ("sweeps/rate-0.1.yaml", "rate-0.1"), ("rate-0.2.yaml", "rate-0.2"), ("/a.b/seeds", "seeds"), (".yaml", ".yaml"),
  ])
  func `files whose names differ have folders of their own`(path: String, name: String) {
    #expect(SweepStage.name(of: path) == name)
  }

  @Test func `a run with a long name keeps it when others are added before it`() throws {
    let folders = ["a", "b"].map { letter in "/" + String(repeating: letter, count: 130) }.joined(separator: ", ")
    func names(seeds: String) throws -> [String] {
      try SweepFile(yaml: "grid: {seed: [\(seeds)], data: [\(folders)]}\noptions: {dataset: folder}", path: "s.yaml")
        .runs.map(\.name)
    }
    let (few, more) = (try names(seeds: "1"), try names(seeds: "0, 1"))
    #expect(few == Array(more.suffix(2)) && Set(more).count == 4, "\(more)")
    #expect(few[1].hasPrefix("seed-1-data-_bbb") && few[1].count < 120)
  }

  @Test func `a list as a value is one value of an option that takes a list`() throws {
    let file = try SweepFile(
      yaml: "grid: {decay-epochs: [[10, 20], 15]}\noptions: {schedule: step}", path: "sweep.yaml")
    #expect(file.runs.map { run in run.values[0].text } == ["10,20", "15"])
    #expect(file.runs[0].name == "decay-epochs-10_20")
  }

  @Test(arguments: [
    "linear_top1", "average_linear_top5", "average_test_top1", "few_shot5_top1", "ood_mahalanobis_classes_fpr95",
    "corruption_mce", "corruption_relative_mce", "corruption_made_here_error", "pixel_knn_top1", "peak_rss_bytes_sum",
  ])
  func `a result that a command stores is a metric`(name: String) throws {
    #expect(try SweepFile(yaml: "metric: \(name)\ngrid: {seed: [0, 1]}", path: "s.yaml").metric?.name == name)
  }

  @Test(arguments: [
    "typo_auroc", "ood_msp_auroc", "ood_knn_fpr", "corruption_xyz", "corruption_fog_error", "average_typo",
    "average_final_loss", "average_average_test_top1", "linear", "Linear_top1", "validation_linear_top1",
    "[linear_top1]", "",
  ])
  func `a metric that no command stores is refused with the place of the list`(name: String) {
    let error = #expect(throws: RunError.self) {
      try SweepFile(yaml: "grid: {seed: [0, 1]}\nmetric: \(name)", path: "s.yaml")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("s.yaml:2: metric: "), "\(text)")
    if !name.isEmpty, !name.hasPrefix("[") {
      #expect(text.contains("docs/usage.md") && text.count < 200, "\(text)")
      let meant = ["Linear_top1": "linear_top1", "ood_knn_fpr": "ood_knn_fpr95"][name]
      if let meant { #expect(text.contains("did you mean '\(meant)'?"), "\(text)") }
    }
  }

  @Test func `the documentation lists every metric`() throws {
    let path = URL(fileURLWithPath: #filePath).pathComponents.dropLast(3).joined(separator: "/") + "/docs/usage.md"
    let page = try String(contentsOfFile: path, encoding: .utf8)
    for metric in SweepMetric.all { #expect(page.contains("`\(metric.name)`"), "\(metric.name)") }
  }

  @Test func `a metric is refused for runs that never have it`() throws {
    func problem(_ metric: String, _ options: [String: String]) throws -> String? {
      var overrides = ConfigurationOverrides()
      for (name, value) in options { overrides.give(value, for: name) }
      #expect(overrides.problem == nil)
      let configuration = overrides.applied(to: TrainingCommand.pretrain.defaults)
      return try #require(SweepMetric.named(metric)).problem(configuration)?.remedy
    }
    for metric in ["test_top1", "test_top5", "train_top1", "average_test_top1"] {
      #expect(try problem(metric, [:])?.contains("cross-entropy-weight") == true, "\(metric)")
      #expect(try problem(metric, ["cross-entropy-weight": "1", "weight-average": "0.9"]) == nil, "\(metric)")
    }
    for metric in ["average_test_top1", "average_linear_top1", "average_knn_top1"] {
      #expect(try problem(metric, ["cross-entropy-weight": "1"])?.contains("weight-average") == true, "\(metric)")
    }
    let holdsOut = ["validation-fraction": "0.1", "weight-average": "0.9", "cross-entropy-weight": "1"]
    for metric in [
      "linear_top1", "knn_top1", "final_loss", "test_top1", "average_test_top1", "pixel_knn_top1",
      "average_linear_top1", "average_knn_top1",
    ] {
      #expect(try problem(metric, holdsOut) == nil, "\(metric)")
    }
  }

  @Test(arguments: [
    ("linear_top1", "supcon linear RUN --split validation"),
    ("pixel_knn_top1", "supcon evaluate RUN --features pixels --split validation"),
    ("average_linear_top5", "supcon linear RUN --weights-of average --split validation"),
    ("average_knn_top1", "supcon evaluate RUN --weights-of average --split validation"),
  ])
  func `a result on validation images is measured by a command`(metric: String, command: String) throws {
    #expect(try #require(SweepMetric.named(metric)).command(run: "RUN", split: .validation) == command)
  }

  @Test(arguments: [
    ("grid: {nesterov: [true, 'yes']}", "nesterov-true and nesterov-yes are the same run"),
    ("grid: {temperature: [0.1, 1.0e-1]}", "temperature-0.1 and temperature-1.0e_1 are the same run"),
    ("grid: {seed: [1, 01]}", "seed-1 and seed-01 are the same run"),
    ("grid: {seed: [0, 1], temperature: [0.5, 0.50]}", "are the same run"),
    ("grid: {decay-epochs: [[10, 20], '10,20']}\noptions: {schedule: step}", "have the options of decay-epochs-10_20"),
    ("grid: {data: [base, ./base]}\noptions: {dataset: folder}", "data-base and data-._base are the same run"),
    ("grid: {data: [base, base/]}\noptions: {dataset: folder}", "data-base and data-base_ are the same run"),
    ("grid: {init: [runs/a, runs//a]}", "init-runs_a and init-runs__a are the same run"),
    ("runs: [{seed: 1, temperature: 0.2}, {temperature: 0.2, seed: 1}]", "are the same run"),
    ("runs: [{}, {temperature: 0.20}]\noptions: {temperature: 0.2}", "run-0 and temperature-0.20 are the same run"),
    ("grid: {temperature: [0.1, 0.2]}\nruns: [{temperature: 2e-1}]", "temperature-0.2 and temperature-2e_1"),
  ])
  func `equal runs are refused, however their values are written`(yaml: String, part: String) {
    let error = #expect(throws: RunError.self) { try SweepFile(yaml: yaml, path: "s.yaml") }
    #expect(
      error?.exitCode == .configuration && error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func `an empty grid adds no run`() throws {
    let file = try SweepFile(yaml: "grid: {}\nruns: [{seed: 1}, {}]", path: "s.yaml")
    #expect(file.runs.map(\.name) == ["seed-1", "run-1"])
  }

  @Test(arguments: [
    ("", "expected options, and a grid"), ("options: {epochs: 2}", "has no run"),
    ("grid: {}", "give a grid, or a list of runs"), ("grid: {}\noptions: {epochs: 2}", "has no run"),
    ("grid: {}\nruns: []", "has no run"), ("output: [a]\nruns: [{seed: 1}]", "sweep.yaml:1: output: expected a folder"),
    ("output: ~\nruns: [{seed: 1}]", "sweep.yaml:1: output: expected a folder, found nothing"),
    ("output: ' '\nruns: [{seed: 1}]", "sweep.yaml:1: output: expected a folder, found nothing"),
    ("runs: [{init: ''}, {seed: 1}]", "sweep.yaml:1: init: expected a text, found nothing"),
    ("grid: {temperature: 0.1}", "sweep.yaml:1: temperature: expected a list"),
    ("grid: {temperatur: [0.1]}", "did you mean 'temperature'?"), ("temperature: 0.1", "unknown field 'temperature'"),
    ("grid: {temperature: [warm]}", "temperature"), ("runs: {seed: 1}", "expected a list of options"),
    ("runs: [{seed: 1}, {seed: 1}]", "two runs have the options of seed-1"), ("grid: {output: [a]}", "'output'"),
  ])
  func `a mistake is named`(yaml: String, part: String) {
    let error = #expect(throws: RunError.self) { try SweepFile(yaml: yaml, path: "sweep.yaml") }
    #expect(
      error?.exitCode == .configuration && error?.description.contains(part) == true, "\(error?.description ?? "")")
  }
}
