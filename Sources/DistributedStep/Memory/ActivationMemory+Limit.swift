import Configuration
import Job

extension ActivationMemory {
  /// The largest limit of `auto`, in bytes per host: enough for batches of 256 samples with every built-in encoder.
  private static let automaticByteCount = 1 << 30

  /// Returns the limit in bytes for one of `ranksOnHost` ranks that share a host, whose free memory is this host's if
  /// no other is given.
  func byteCount(
    ranksOnHost: Int, freeByteCount: Int? = ProcessMeasurements.availableByteCount()
  ) -> Int {
    switch self {
    case .automatic: min(Self.automaticByteCount, (freeByteCount ?? Int.max) / 2) / max(ranksOnHost, 1)
    case .bytes(let count): count
    }
  }
}
