import Job
import MPI
import Runs

/// What a run looks at besides training, for those who look for a fault.
package struct Diagnostics: Sendable {
  /// After every so many steps all ranks compare what they hold.
  package var checkRanksSteps: Int?
  /// Whether all that the state holds is looked at after each step.
  package var checksNumerics = false
  /// The step after which everything that it saw and computed is written, and the folder for it.
  package var dump: (step: Int, folder: String)?

  /// Nothing besides training.
  package init() {}

  /// Says before the first step what cannot be given, and makes the folder of what can.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - step: The step that the run stands at.
  ///   - lastStep: The one that it goes to.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` if the folder cannot be made.
  func prepare(
    after step: Int, through lastStep: Int, over world: borrowing Communicator, report: (String) -> Void
  ) throws {
    guard let dump else { return }
    if dump.step <= step || dump.step > lastStep {
      report(
        "warning: --dump-step \(dump.step): only the steps \(step + 1) to \(lastStep) are taken now; nothing will be written"
      )
      return
    }
    try world.onRoot { try StepDump(folder: dump.folder).makeFolders() }
  }

  /// What is asked for after a step.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - step: What took the step.
  ///   - state: The state after it.
  ///   - batch: Its samples.
  ///   - loss: Its loss.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` naming what is wrong.
  func look(
    at step: TrainingStep, _ state: TrainingState, _ batch: GlobalBatch, loss: Double,
    over world: borrowing Communicator, report: (String) -> Void
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
