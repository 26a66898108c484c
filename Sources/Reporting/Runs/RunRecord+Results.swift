import Formats
import Runs

extension RunRecord {
  /// The loss of one of the last steps.
  struct LastLoss {
    let value: Double
    /// The loss above its lower bound.
    let excess: Double?
    /// The number of training steps taken.
    let step: Int
  }

  /// The loss of the last step of which it is known, a logged one or that of `summary.json`; of a log of epochs alone,
  /// the last mean; `nil` without a loss.
  var lastLoss: LastLoss? {
    let rows = rows.filter { row in row.values["loss"] != nil }
    func loss(of row: MetricRow) -> LastLoss {
      LastLoss(value: row.values["loss"] ?? .nan, excess: row.values["loss_excess"], step: row.step)
    }
    let logged = rows.last(where: \.isOfStep).map(loss)
    guard let value = summary["final_loss"]?.double else { return logged ?? rows.last.map(loss) }
    let step = summary["steps"]?.double.map { steps in Int(steps) } ?? 0
    if let logged, logged.step >= step { return logged }
    let bound = summary["loss_lower_bound"]?.double
    return LastLoss(value: value, excess: bound.map { bound in value - bound }, step: step)
  }

  /// True if curves have a point for each epoch, because fewer steps were logged than epochs ended.
  var isDrawnByEpoch: Bool {
    let rows = rows.filter { row in row.values["loss"] != nil }
    let steps = rows.count { row in row.isOfStep }
    return steps < rows.count - steps
  }

  /// Returns the values of a field as points (epoch, value).
  ///
  /// Of a field that both steps and epochs have, they are those of the steps or of the epochs, by ``isDrawnByEpoch``.
  func points(_ field: String) -> [(x: Double, y: Double)] {
    func points(ofSteps: Bool) -> [(x: Double, y: Double)] {
      rows.filter { row in row.isOfStep == ofSteps }.compactMap { row in
        row.values[field].map { value in (row.epoch, value) }
      }
    }
    let chosen = points(ofSteps: !isDrawnByEpoch)
    return chosen.isEmpty ? points(ofSteps: isDrawnByEpoch) : chosen
  }

  /// The results of the run and of commands after training, such as accuracies, by field name; the names of those on
  /// validation images begin with ``RecordedSplits/validationPrefix`` where the record has those on test images too.
  package var results: [String: Double] {
    let later = RunStatus.fieldsOfLaterStages
    var results = summary.filter { name, _ in
      // Beside results on validation images, those on test images would be taken for such.
      Self.isAccuracy(name) && (measured.split == .test || !later.contains(name) || splits.isOfValidation(name))
    }.compactMapValues(\.double)
    results.merge(measured.measures) { _, new in new }
    for (name, value) in validation?.measures ?? [:] { results[RecordedSplits.validationName(name)] = value }
    // Five guesses among so few classes say nothing.
    if case .list(let classes) = summary["class_names"], classes.count <= 5 {
      results = results.filter { name, _ in !name.contains("top5") }
    }
    return results
  }

  /// The results by the names under which pages show them, which have the k of k-NN where it is known, and tell
  /// validation images where there were no test images.
  var shownResults: [String: Double] { shown(results) }

  private func shown(_ results: [String: Double]) -> [String: Double] {
    let (average, prefix) = (ResultNames.averagePrefix, RecordedSplits.validationPrefix)
    let stored = [
      ("", measured.evaluation), ("", measured.pixels), (average, measured.averaged),
      (prefix, validation?.evaluation ?? [:]), (prefix, validation?.pixels ?? [:]),
      (average + prefix, validation?.averaged ?? [:]), ("", summary),
    ]
    let named = stored.reduce(results) { named, stored in NeighborCount.naming(named, by: stored.1, prefix: stored.0) }
    var shown = named
    for (field, value) in named where splits.isOfValidation(field) {
      shown[field] = nil
      let name = RecordedSplits.validationName(field)
      shown[name] = named[name] ?? value
    }
    return shown
  }

  /// Returns what the value of a field of ``results`` measures, in words that name its images and the k of k-NN as far
  /// as they are known; `nil` without a value.
  package func measure(_ field: String) -> String? {
    guard let value = results[field], let name = shown([field: value]).keys.first else { return nil }
    let isUnnamed = isOfValidation(field) && !splits.isOfValidation(field)
    return ResultNames.name(isUnnamed ? RecordedSplits.validationName(name) : name)
  }

  /// Returns true if the value of a field of ``results`` was measured on validation images.
  package func isOfValidation(_ field: String) -> Bool {
    guard results[field] != nil else { return false }
    return (measured.split == .validation && measured.measures[field] != nil) || splits.isOfValidation(field)
  }

  /// Returns true for fields that are fractions of correct predictions; the fields of their numbers end in `_correct`.
  package static func isAccuracy(_ field: String) -> Bool {
    (field.contains("top1") || field.contains("top5")) && !field.hasSuffix("_correct")
  }
}
