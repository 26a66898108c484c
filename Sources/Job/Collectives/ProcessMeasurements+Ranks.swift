import Configuration
import MPI

extension ProcessMeasurements {
  /// Returns the maximum and the sum of all ranks' peak resident memory, in bytes.
  ///
  /// Collective.
  package static func peakResidentByteCounts(
    over world: borrowing Communicator
  ) throws(MPIError) -> (maximum: Int, sum: Int) {
    var peaks = [Int64](repeating: 0, count: world.size)
    let own = [peakResidentByteCount()]
    try world.allGather(own.span, into: &peaks)
    return (Int(peaks.max() ?? 0), Int(peaks.reduce(0, +)))
  }
}
