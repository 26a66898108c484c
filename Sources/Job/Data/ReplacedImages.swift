import Configuration
import Datasets
import MPI

extension ImageDataset {
  /// Reports the files, over all ranks, that could not be decoded during the run and were replaced by other files.
  ///
  /// Collective, for datasets of the same kind on every rank.
  package func reportReplaced(over world: borrowing Communicator, report: Reporter) throws {
    let different = Set(try world.allGather(value: takeReplaced().map(\.reason)).joined()).sorted()
    guard !different.isEmpty else { return }
    report.warn(
      "the next file of its class stood in for each of \(counted(different.count, "file")) that became unreadable during the run: "
        + different.prefix(10).joined(separator: "; ") + (different.count > 10 ? "; …" : ""))
  }
}
