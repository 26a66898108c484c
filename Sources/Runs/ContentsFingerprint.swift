/// The fingerprint of the bytes of a dataset's files, as a run records it.
package struct ContentsFingerprint: Sendable, Equatable {
  /// The hash of the files' sizes.
  package let sizes: String
  /// The hash of their modification times.
  package let times: String
  /// The hash of their bytes.
  package let bytes: String
  /// The newest of the times, in nanoseconds since 1970.
  package let newest: Int64

  /// Creates the fingerprint from its parts.
  package init(sizes: String, times: String, bytes: String, newest: Int64) {
    self.sizes = sizes
    self.times = times
    self.bytes = bytes
    self.newest = newest
  }

  /// Reads a fingerprint in the form of ``text``; `nil` for any other text.
  package init?(text: String) {
    let parts = text.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let newest = Int64(parts[3]) else { return nil }
    self.init(sizes: parts[0], times: parts[1], bytes: parts[2], newest: newest)
  }

  /// Returns a file's time in nanoseconds since 1970.
  ///
  /// A time outside the years 1678 to 2261, as of a damaged archive, takes more than 64 bits; the lowest 64 still tell
  /// whether it has changed.
  package static func time(seconds: Int, nanoseconds: Int) -> Int64 {
    Int64(seconds) &* 1_000_000_000 &+ Int64(nanoseconds)
  }

  /// The fingerprint as text: the four parts, with hyphens between them.
  package var text: String { "\(sizes)-\(times)-\(bytes)-\(newest)" }

  /// The parts that copies of the same files have in common, which have other times.
  package var identityText: String { "\(sizes)-\(bytes)" }
}
