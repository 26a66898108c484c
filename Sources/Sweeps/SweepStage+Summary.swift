import Configuration
import Datasets
import Formats
import Job
import Reporting
import Runs
import Training

extension SweepStage {
  /// Writes the table and the plots of the existing results, and names the runs that are not compared; on rank 0.
  ///
  /// - Parameters:
  ///   - file: The sweep.
  ///   - folder: The folder of the run directories.
  ///   - request: The options of the command.
  ///   - status: The exit status of the runs that were trained.
  ///   - report: Receives log lines.
  /// - Throws: `FileError` if a file cannot be written, ``RunError`` if no run has a result although none failed and
  ///   none has to be measured by another command first.
  static func summarize(
    _ file: SweepFile, _ folder: String, _ request: Request, _ status: ExitStatus, _ report: Reporter
  ) throws {
    let entries = file.runs.map { run in entry(of: run, in: "\(folder)/\(run.name)", request) }
    var options: [String] = []
    for option in file.runs.flatMap({ run in run.values.map(\.option) }) where !options.contains(option) {
      options.append(option)
    }
    for (name, format) in [("sweep.csv", OutputFile.Format.csv), ("sweep.html", .html)] {
      try OutputFile("\(folder)/\(name)", format).check()
    }
    let records = entries.compactMap { entry in
      entry.comparedRecord.map { record in (name: entry.name, record: record) }
    }
    let metric = file.metric?.name ?? SweepMetric.standardField(of: records.map(\.record))
    let note = SweepMetric.note(on: metric, of: records)
    let summary = SweepReport(
      title: name(of: request.file), entries: entries, options: options, metric: metric, note: note)
    try summary.write(to: folder)
    report("\(folder)/sweep.html, sweep.csv: \(summary.resultCount) of \(counted(entries.count, "run")) with a result")
    if let note { report.note(note) }
    let leftOut = summary.leftOut
    if !leftOut.isEmpty {
      let names = leftOut.prefix(10).joined(separator: ", ") + (leftOut.count > 10 ? ", …" : "")
      report.note("\(counted(leftOut.count, "run")) not compared: \(names)")
    }
    guard summary.resultCount == 0, status == .success else { return }
    guard leftOut.count < entries.count else {
      throw RunError(
        .missing,
        "\(folder): none of the \(counted(entries.count, "run")) is finished with the options of \(request.file)",
        remedy: "train them with supcon sweep \(request.file.shellQuoted)")
    }
    let problem = "\(folder): no finished run has \(metric)"
    guard let command = laterCommand(metric, file, folder) else {
      throw RunError(.missing, problem, remedy: "choose another metric")
    }
    // There are results on test images, by which runs that hold images out are compared only if the file says so.
    let choice = file.metric == nil ? " or name another metric in the file (test_top1 is of test images)," : ""
    let advice =
      "measure each run with \(command),\(choice) then give supcon sweep \(request.file.shellQuoted) --summarize"
    // Training has done its part.
    guard !request.isSummarizing else { throw RunError(.missing, problem, remedy: advice) }
    report.note("\(problem) yet: \(advice)")
  }

  /// Returns the command that measures a result of the runs after training; `nil` if training does.
  private static func laterCommand(_ field: String, _ file: SweepFile, _ folder: String) -> String? {
    guard let metric = SweepMetric.named(field) else { return nil }
    let runs = file.runs.lazy.map { run in RunDirectory(path: "\(folder)/\(run.name)") }
    let own = runs.compactMap { run in try? run.configuration() }.first
    return metric.command(run: "RUN", split: own.map(comparedSplit) ?? .test)
  }

  private static func entry(of run: SweepFile.Run, in path: String, _ request: Request) -> SweepReport.Entry {
    let own = try? RunDirectory(path: path).configuration()
    return SweepReport.Entry(
      name: run.name, values: Dictionary(run.values.map { value in (value.option, value.text) }) { _, last in last },
      record: own.flatMap { own in
        try? RunRecord(path: path, split: comparedSplit(own), configuration: own)
      },
      difference: own.flatMap { own in difference(of: run, in: path, begunWith: own, request) })
  }

  /// Returns what the run in a directory was begun with otherwise than the file has it; `nil` if there is nothing.
  private static func difference(
    of run: SweepFile.Run, in path: String, begunWith own: Configuration, _ request: Request
  ) -> String? {
    if let difference = training(run, in: path, request).difference(from: own) {
      return text(difference.option, difference.own, asked: difference.asked)
    }
    if let (option, value) = GivenOptions(ofRunIn: path).deleted(from: run, begunWith: own) {
      return text(option, value, asked: "the default")
    }
    // A run may go on to more steps, but one of other steps compares with nothing.
    let asked = run.overrides.applied(to: own).schedule.steps
    guard asked != own.schedule.steps else { return nil }
    return text(
      "steps", own.schedule.steps.map { steps in "\(steps)" }, asked: asked.map { steps in "\(steps)" } ?? "none")
  }

  private static func text(_ option: String, _ own: String?, asked: String) -> String {
    "\(own.map { value in "\(option) \(value)" } ?? "the default of \(option)"), not \(asked)"
  }
}
