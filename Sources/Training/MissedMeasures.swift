import Job
import MPI
import Runs

/// The measurements that were due after the step at which a resumed run starts and are missing, because they failed (an
/// image could not be read) or because time ran out.
struct MissedMeasures: Codable {
  /// True if the evaluation of the encoder is missing.
  let evaluation: Bool
  /// True if the test of the classifier is missing.
  let test: Bool

  /// True if nothing is missing.
  var isEmpty: Bool { !evaluation && !test }

  /// Finds what is missing after some number of steps; for a new run, nothing is.
  ///
  /// Collective: rank 0 has the records, and decides.
  static func find(
    _ opened: OpenedRun, _ plan: StepPlan, after step: Int, over world: borrowing Communicator
  ) throws -> MissedMeasures {
    let schedule = EvaluationSchedule(opened.configuration, stepsPerEpoch: opened.sampler.stepsPerEpoch)
    let isEvaluationDue = schedule.isDue(after: step)
    let isTestDue = opened.test != nil && plan.isTestDue(after: step)
    return try world.rootValue { () -> MissedMeasures in
      guard let logged = opened.logged, let directory = opened.directory, step > 0, isEvaluationDue || isTestDue else {
        return MissedMeasures(evaluation: false, test: false)
      }
      let summary = JSONValue.fields(ofFile: directory.summaryPath) ?? [:]
      var evaluated: JSONValue?
      if case .object(let evaluation)? = summary["evaluation"] { evaluated = evaluation["step"] }
      let lacksEvaluation = isEvaluationDue && evaluated != .integer(step)
      let lacksTest = isTestDue && summary["test_step"] != .integer(step)
      guard lacksEvaluation || lacksTest else { return MissedMeasures(evaluation: false, test: false) }
      // The log may have what the summary lacks; it is long, and read only then.
      return MissedMeasures(
        evaluation: lacksEvaluation && !logged.hasRecord(EvaluationRecord.kind),
        test: lacksTest && !logged.hasRecord(TestRecord.kind))
    }
  }
}
