import Configuration
import MPI

extension ProcessMeasurements {
  /// Returns the maximum of all ranks' peak resident memory, and their sum, in which memory that ranks share counts
  /// once, in bytes.
  ///
  /// Collective.
  package static func peakResidentByteCounts(
    over world: borrowing Communicator
  ) throws(MPIError) -> (maximum: Int, sum: Int) {
    var peaks = [Int64](repeating: 0, count: 2 * world.size)
    let peak = peakResidentByteCount()
    try world.allGather([peak, peak - sharedByteCountOfOthers()].span, into: &peaks)
    func ranks(_ first: Int) -> [Int] { stride(from: first, to: peaks.count, by: 2).map { index in Int(peaks[index]) } }
    return (ranks(0).max() ?? 0, ranks(1).reduce(0, +))
  }
}
