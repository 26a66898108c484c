/// The memory of a rank for activations between forward and backward pass: `auto`, or a number of bytes.
///
/// Shards that do not fit run forward again before their backward pass (gradient caching, Gao et al. 2021,
/// arXiv:2101.06983), with the same bits, so this changes time and never results.
package enum ActivationMemory: Sendable, Equatable {
  /// A gibibyte for all ranks of a host together, or half of its free memory where that is less.
  case automatic
  /// A number of bytes for each rank; at least one shard of each thread is kept.
  case bytes(Int)

  /// The memory that all ranks of a host share with `auto`, in bytes: enough for batch 256 of every encoder here.
  private static let automaticByteCount = 1 << 30

  private static let units: [(suffix: String, byteCount: Double)] = [
    ("KIB", 0x1p10), ("MIB", 0x1p20), ("GIB", 0x1p30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("K", 0x1p10),
    ("M", 0x1p20), ("G", 0x1p30), ("B", 1), ("", 1),
  ]

  /// Reads an option: `auto`, or a number with a unit (`800MB`, `2GiB`, `64M`) or without.
  package init?(_ text: String) {
    if text == "auto" {
      self = .automatic
      return
    }
    let upper = text.uppercased()
    for (suffix, byteCount) in Self.units where upper.hasSuffix(suffix) {
      guard let number = Double(upper.dropLast(suffix.count)), number.isFinite, number >= 0,
        number * byteCount < 0x1p62
      else { return nil }
      self = .bytes(Int(number * byteCount))
      return
    }
    return nil
  }

  /// A text that ``init(_:)`` reads as the same memory.
  var text: String {
    switch self {
    case .automatic: "auto"
    case .bytes(let count): Self.text(count)
    }
  }

  private static func text(_ count: Int) -> String {
    let names = [("GiB", 1 << 30), ("MiB", 1 << 20), ("GB", 1_000_000_000), ("MB", 1_000_000)]
    let unit = names.first { _, size in count > 0 && count.isMultiple(of: size) }
    return unit.map { name, size in "\(count / size)\(name)" } ?? "\(count)"
  }

  /// The bytes of a rank that shares its host's memory with others.
  package func byteCount(ranksOnHost: Int) -> Int {
    switch self {
    case .automatic:
      return min(Self.automaticByteCount, (ProcessMeasurements.availableByteCount() ?? Int.max) / 2)
        / max(ranksOnHost, 1)
    case .bytes(let count): return count
    }
  }
}
