import Configuration
import Job
import MPI
import Runs

/// Opt-in diagnostics: comparison of the ranks' states, checks for NaN and infinity, and a dump of one step.
package struct Diagnostics: Sendable {
  /// The number of steps between comparisons of the training state across ranks; `nil` for none.
  package var checkRanksSteps: Int?
  /// True if every value of the training state is checked for NaN and infinity after each step.
  package var checksNumerics = false
  /// The step whose inputs and results are written to files, and the output folder; `nil` for none.
  package var dump: (step: Int, folder: String)?

  /// Creates diagnostics that are all off.
  package init() {}

  /// Creates the folder for the files of `--dump-step`, or warns if this run does not take that step.
  ///
  /// Collective. Called once, before the first step.
  ///
  /// - Parameters:
  ///   - step: The number of steps taken so far.
  ///   - lastStep: The last step of the run.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if the folder cannot be created.
  package func prepare(
    after step: Int, through lastStep: Int, over world: borrowing Communicator, report: Reporter
  ) throws {
    guard let dump else { return }
    if dump.step <= step || dump.step > lastStep {
      report.warn(
        "--dump-step \(dump.step): only the steps \(step + 1) to \(lastStep) are taken now; nothing will be written"
      )
      return
    }
    try world.onRoot { try StepDump(folder: dump.folder).makeFolders() }
  }

  /// Runs the diagnostics that are due after a step.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - step: The training step that was run.
  ///   - state: The state after the step.
  ///   - batch: The samples of the step.
  ///   - loss: The loss of the step.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the rank, parameter or file at fault.
  package func inspect(
    at step: TrainingStep, _ state: TrainingState, _ batch: GlobalBatch, loss: Double,
    over world: borrowing Communicator, report: Reporter
  ) throws {
    if let checkRanksSteps, state.step.isMultiple(of: checkRanksSteps) {
      try RankCheck.run(state, batch, loss: loss, over: world)
    }
    if checksNumerics {
      try world.throwingTogether { try step.checkFinite(state) }
    }
    if let dump, dump.step == state.step {
      try StepDump(folder: dump.folder).write(step, batch, over: world)
      report("step \(state.step) is in \(dump.folder)")
    }
  }
}
