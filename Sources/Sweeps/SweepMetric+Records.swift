import Datasets
import Reporting

extension SweepMetric {
  /// Returns the field by which runs are compared if the sweep file names none: the first accuracy that they have, the
  /// last loss if they have none.
  ///
  /// Of runs that hold images out it is an accuracy on these, `linear_top1` if there is none yet: test images take part
  /// in a choice only where the file names such a result.
  package static func standardField(of records: [RunRecord]) -> String {
    let accuracies = Set(records.flatMap(\.results.keys)).filter(RunRecord.isAccuracy)
    guard !accuracies.isEmpty else { return "final_loss" }
    let holdsOut = records.contains { record in record.measured.split == .validation }
    let fields = accuracies.filter { field in !holdsOut || records.contains { record in record.isOfValidation(field) } }
    return ResultNames.sorted(fields).first ?? "linear_top1"
  }

  /// Returns a note about runs whose values of a field do not compare, as accuracies of k-NN with different k or on
  /// different images; `nil` if all compare.
  package static func note(on field: String, of records: [(name: String, record: RunRecord)]) -> String? {
    var runs: [String: [String]] = [:]
    for (name, record) in records {
      guard let measure = record.measure(field) else { continue }
      runs[measure, default: []].append(name)
    }
    guard runs.count > 1 else { return nil }
    let parts = runs.sorted { one, other in one.key < other.key }.map { measure, names in
      "\(measure) (\(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : ""))"
    }
    return
      "\(field) is not the same measure in all runs, so that they do not compare: \(parts.joined(separator: "; ")); measure all of them in the same way"
  }
}
