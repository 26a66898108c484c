import Configuration
import Datasets
import Evaluation
import Formats
import Job
import MPI
import Reporting
import Runs
import Training

/// The training of the runs of a sweep, one after another, each with a linear probe, and the comparison of their
/// results.
package enum SweepStage {
  /// The options of `supcon sweep`.
  package struct Request: Sendable {
    /// The path of the sweep file.
    package var file: String
    /// The folder of the run directories; `nil` for the one in the sweep file or, if there is none, the file's name
    /// under `runs`.
    package var output: String?
    /// The index of the only run to train, for use in a job array; `nil` for all runs.
    package var index: Int?
    /// True to list the runs without training.
    package var isListing = false
    /// True to write the table and plots of the existing results without training.
    package var isSummarizing = false
    /// True to train a linear probe on the encoder of each run.
    package var hasLinear = true
    /// The time limit of this process in seconds; `nil` for none.
    package var maximumSeconds: Double?

    /// Creates a request with default options for a sweep file.
    package init(file: String) {
      self.file = file
    }
  }

  /// Runs the sweep.
  ///
  /// Collective. If a run fails, the error is reported and the other runs are trained; finished runs are not trained
  /// again.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Returns: The exit status of the first run that failed; `stopped` if the sweep was stopped.
  /// - Throws: ``CollectiveError`` naming the mistake in the sweep file.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws -> ExitStatus {
    let file = try world.throwingTogether { try SweepFile(path: request.file) }
    let folder = request.output ?? file.output ?? "runs/\(name(of: request.file))"
    if request.isListing {
      try check(file, folder, request, over: world)
      for (index, run) in file.runs.enumerated() { report("\(index)\t\(folder)/\(run.name)") }
      return .success
    }
    if let index = request.index, !file.runs.indices.contains(index) {
      throw CollectiveError(
        error: RunError(
          .usage, "--index \(index): the file has \(counted(file.runs.count, "run")), from 0 to \(file.runs.count - 1)")
      )
    }
    if !request.isSummarizing { try check(file, folder, request, over: world) }
    try world.onRoot {
      for data in file.runs.map({ run in run.overrides.applied(to: Configuration()).data }) {
        for path in (data.path.map { path in [path] } ?? []) + data.splitFolders {
          let found = (try? DataLocation.found(path, of: request.file, folder: request.file.parentFolder)) ?? path
          try OutputFolder.check(folder, liesOutside: found)
        }
      }
      try OutputFolder.create(folder)
    }
    var status = ExitStatus.success
    let deadline = request.maximumSeconds.map { seconds in ProcessMeasurements.now() + seconds }
    for (index, run) in file.runs.enumerated() where !request.isSummarizing {
      guard request.index == nil || request.index == index else { continue }
      report("run \(index + 1) of \(file.runs.count): \(folder)/\(run.name)")
      do {
        let code = try train(
          run, in: "\(folder)/\(run.name)", request, until: deadline, over: world, report: report)
        if code == .stopped { return code }
      } catch let agreed as CollectiveError {
        if world.isRoot { report.error("\(folder)/\(run.name): \(agreed.error)") }
        status = status == .success ? agreed.error.exitCode : status
      }
    }
    if request.index == nil {
      try world.onRoot { try summarize(file, folder, request, status, report) }
    }
    return status
  }

  /// Throws on every rank, before any run is trained, if the options of a run contradict each other, if it cannot have
  /// the result by which the runs are compared, or if it was begun with other options and the runs are not only listed.
  ///
  /// Collective. Options taken from another run are known, and checked, only when that run is read.
  private static func check(
    _ file: SweepFile, _ folder: String, _ request: Request, over world: borrowing Communicator
  ) throws {
    let command = TrainingCommand.pretrain
    let runs = file.runs.enumerated().filter { index, _ in request.index == nil || request.index == index }
    for (_, run) in runs {
      let given = run.overrides.given(by: request.file, folder: request.file.parentFolder)
      let configuration = given.applied(to: command.defaults)
      if configuration.model.initialPath == nil,
        let problem = command.problem(configuration, given: given, ranks: world.size)
      {
        throw CollectiveError(
          error: RunError(problem.exitCode, "\(folder)/\(run.name): \(problem.problem)", remedy: problem.remedy))
      }
      if let metric = file.metric, let problem = metric.problem(configuration) {
        throw CollectiveError(
          error: RunError(
            .configuration, "\(request.file): metric: \(metric.name): \(run.name) never has it, as \(problem.reason)",
            remedy: "\(problem.remedy), or choose another metric"))
      }
    }
    guard !request.isListing else { return }
    try world.onRoot {
      for (_, run) in runs {
        let path = "\(folder)/\(run.name)"
        // Options that cannot be read are an error of that run alone.
        if let refusal = try? training(run, in: path, request).refusal(byRunIn: path) { throw refusal }
        if let refusal = GivenOptions(ofRunIn: path).refusal(of: run, in: request.file) { throw refusal }
      }
    }
  }

  /// Returns the request that begins or resumes a run.
  static func training(
    _ run: SweepFile.Run, in path: String, _ request: Request, seconds: Double? = nil
  ) -> TrainingRun.Request {
    var overrides = run.overrides
    // A run that is resumed before it has begun must name its dataset.
    if !overrides.givesData { overrides.set(\.data.dataset, to: Configuration().data.dataset) }
    var training = TrainingRun.Request(
      .pretrain, overrides: overrides.given(by: request.file, folder: request.file.parentFolder), output: path,
      isResuming: true, maximumSeconds: seconds)
    training.isOfSweep = true
    return training
  }

  /// Trains or resumes one run until it is finished, then trains its linear probe, which is tested on the validation
  /// images if the run holds some out: a sweep chooses between runs.
  ///
  /// Collective.
  private static func train(
    _ run: SweepFile.Run, in path: String, _ request: Request, until deadline: Double?,
    over world: borrowing Communicator, report: Reporter
  ) throws -> ExitStatus {
    if try isStopping(deadline, before: path, over: world, report: report) { return .stopped }
    let training = Self.training(
      run, in: path, request, seconds: deadline.map { deadline in max(deadline - ProcessMeasurements.now(), 0) })
    if let problem = training.problem(ranks: world.size) {
      throw CollectiveError(error: RunError(.usage, problem))
    }
    try world.onRoot { try GivenOptions(ofRunIn: path).store(run) }
    let code = try TrainingRun.run(training, over: world, report: report)
    guard code == .success, request.hasLinear else { return code }
    let untrained = try world.rootValue { () throws -> Split? in
      let configuration = try RunDirectory(path: path).configuration()
      let split = comparedSplit(configuration)
      let record = try RunRecord(path: path, split: split, configuration: configuration)
      return record.results["linear_top1"] == nil ? split : nil
    }
    // An earlier start of the sweep has trained the classifier already.
    guard let split = untrained else { return .success }
    if try isStopping(deadline, before: "the linear classifier of \(path)", over: world, report: report) {
      return .stopped
    }
    var linear = LinearStage.Request(run: path)
    linear.split = split
    linear.threads = run.overrides.applied(to: Configuration()).compute.threads
    try LinearStage.run(linear, over: world, report: report)
    return .success
  }

  /// Returns the images by which a run is compared with the others.
  static func comparedSplit(_ configuration: Configuration) -> Split {
    configuration.holdsImagesOut ? .validation : .test
  }

  /// Returns true, and reports it, if the sweep should stop before its next part: after a signal or at the time limit.
  ///
  /// Collective.
  private static func isStopping(
    _ deadline: Double?, before part: String, over world: borrowing Communicator, report: Reporter
  ) throws -> Bool {
    var isAsked = [StopRequest.isAsked || deadline.map { end in ProcessMeasurements.now() >= end } ?? false ? 1.0 : 0]
    try world.allReduceMaximum(&isAsked)
    if isAsked[0] > 0 {
      report.outcome("stopped on request before \(part); start the sweep again to continue")
    }
    return isAsked[0] > 0
  }

  /// Returns the name of a file without folder and ending, such as `rate-0.1` of `sweeps/rate-0.1.yaml`.
  package static func name(of path: String) -> String {
    let file = path.lastComponent
    guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return file }
    return String(file[..<dot])
  }
}
