import Configuration
import Formats
import Glibc
import Job
import MPI
import Runs

/// The report about one run, or a comparison of several, as one self-contained HTML file.
package enum ReportStage {
  /// The options of `supcon report`.
  package struct Request: Sendable {
    /// The run directories.
    package var runs: [String]
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// The folder of the dataset; `nil` for the one that the run was trained on.
    package var data: String?
    /// The output file; `nil` for `report.html` in the run directory or, for several or read-only runs, in the current
    /// folder.
    package var output: String?
    /// True to include images, and results computed from them.
    package var hasImages = true
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for run directories.
    package init(runs: [String]) {
      self.runs = runs
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      guard !runs.isEmpty else { return "no run: give the run directory, such as supcon report runs/c10" }
      let repeated = runs.first { run in runs.count { other in other == run } > 1 }
      if let repeated {
        return "\(repeated): is given twice; name each run once"
      }
      return imageProblem ?? CheckpointChoice.problem(checkpoint) ?? Configuration.problem(ofThreads: threads)
    }

    /// The error for an option of the encoder's images in a report that shows none by itself; or `nil`.
    private var imageProblem: String? {
      guard runs.count > 1 || !hasImages else { return nil }
      let given: [String?] = [
        checkpoint == "latest" ? nil : "checkpoint \(checkpoint)", weights == .average ? "weights-of average" : nil,
        data.map { _ in "data" }, runs.count > 1 && !hasImages ? "no-images" : nil,
      ]
      let reason =
        runs.count > 1
        ? "a report of several runs compares their records, and reads neither weights nor images; give it with one run"
        : "a report without images reads neither weights nor images; leave --no-images out"
      return given.compactMap { option in option }.first.map { option in "--\(option): \(reason)" }
    }
  }

  /// The name of the report in a run directory.
  package static let fileName = "report.html"

  /// Computes and writes the report.
  ///
  /// Collective; takes no lock, and writes only the output file.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(_ request: Request, over world: borrowing Communicator, report: Reporter) throws {
    world.activity.begin("reading the runs", allowsSilence: true)
    let records = try world.onRoot { try request.runs.map { run in try RunRecord(path: run) } } ?? []
    try world.onRoot {
      if request.weights == .average,
        let run = records.first(where: { run in run.configuration.optimizer.averageDecay == nil })
      {
        throw RunError.noAverage(of: run.path)
      }
      // The report of one run in its own directory replaces an earlier one; elsewhere a file of that name may be
      // another.
      if request.output == nil, defaultOutput(records) == fileName { try OutputFile(fileName, .html).check() }
    }
    let study =
      request.hasImages && request.runs.count == 1
      ? try ImageStudy(request, request.runs[0], over: world, report: report) : nil
    world.activity.begin("writing the report", allowsSilence: true)
    try world.onRoot {
      let path = request.output ?? defaultOutput(records)
      let html = page(records, study).html
      try AtomicFile.write(html, to: path)
      for note in records.flatMap(\.notes) + (study?.notes ?? []) { report.note(note) }
      report("\(path): report of \(counted(records.count, "run")), \(decimal(1e-6 * Double(html.utf8.count), 2)) MB")
    }
  }

  private static func defaultOutput(_ records: [RunRecord]) -> String {
    guard records.count == 1, unsafe access(records[0].path, W_OK) == 0 else { return fileName }
    return "\(records[0].path)/\(fileName)"
  }

  /// Returns the page about some runs; `study` belongs to a single run.
  package static func page(_ records: [RunRecord], _ study: ImageStudy? = nil) -> Page {
    let records = RunRecord.distinctlyNamed(records)
    let notes = (records.flatMap(\.notes) + (study?.notes ?? [])).map(Elements.note)
    let curves = CurvesSection(runs: records).section
    guard records.count == 1, let run = records.first else {
      return Page(
        title: "\(records.count) runs", subtitle: "<p>\(records.map(\.name).joined(separator: ", "))</p>\(notes)",
        sections: [OptionSections.comparison(records)] + [curves].compactMap { section in section })
    }
    let images = study.map { study in ImageSections(study: study) }
    let classes = study.flatMap { study in
      study.classification.map { classification in
        ClassificationSections(
          study: study, classification: classification, classNames: study.sets?.test.classNames ?? [])
      }
    }
    let measured = classes.map { classes in
      (classes.study.titled(classes.classification.measureName), classes.classification.accuracy)
    }
    let sections: [Page.Section?] = [
      OverviewSection(run: run, measured: measured).section, curves, images?.samples, images?.maps, classes?.confusion,
      classes?.mistakes, images?.neighbors, classes?.reliability, OptionSections.all(of: run),
    ]
    return Page(
      title: run.name,
      subtitle:
        "<p>\(run.configuration.model.name), \(run.isImported ? "imported weights" : run.configuration.lossName), \(run.configuration.data.dataset.rawValue)</p>\(notes)",
      sections: sections.compactMap { section in section })
  }
}
