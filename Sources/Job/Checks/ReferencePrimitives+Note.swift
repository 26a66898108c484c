import Configuration
import OneDNN

extension ReferencePrimitives {
  /// The warning about operations for which oneDNN uses slow reference code on this CPU; `nil` if there are none.
  package static var problem: String? {
    guard let first = all.first else { return nil }
    let others = all.count == 1 ? "" : " and \(all.count - 1) more"
    return
      "oneDNN has no compiled code for \(first)\(others) with these instructions, and computes it up to hundreds of times slower"
  }

  /// The advice to the user on how to avoid oneDNN's slow reference code.
  package static let remedy =
    "use a higher instruction set (SUPCON_ISA, ONEDNN_MAX_CPU_ISA), a newer oneDNN, or a host with a newer CPU"

  /// Reports the operations for which oneDNN uses slow reference code, if there are any.
  package static func note(_ report: Reporter) {
    if let problem {
      report.note("\(problem); \(remedy)")
    }
  }
}
