import Configuration
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
    #expect(file.output == "runs/t" && file.metric == "knn_top1")
    for metric in ["average_test_top1", "corruption_fog_error", "ood_msp_auroc", "few_shot5_top1"] {
      #expect(try SweepFile(yaml: "metric: \(metric)\ngrid: {seed: [0, 1]}", path: "s.yaml").metric == metric)
    }
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

  @Test func `a list as a value is one value of an option that takes a list`() throws {
    let file = try SweepFile(
      yaml: "grid: {decay-epochs: [[10, 20], 15]}\noptions: {schedule: step}", path: "sweep.yaml")
    #expect(file.runs.map { run in run.values[0].text } == ["10,20", "15"])
    #expect(file.runs[0].name == "decay-epochs-10_20")
  }

  @Test(arguments: [
    ("", "expected options, and a grid"), ("options: {epochs: 2}", "has no run"),
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
