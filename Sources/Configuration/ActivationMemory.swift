import Spelling

/// The memory limit of a rank for activations that are saved for the backward pass: `auto`, or a number of bytes.
///
/// Shards (fixed parts of the global batch) whose activations exceed the limit run forward again before their backward
/// pass (gradient caching, Gao et al. 2021, arXiv:2101.06983). The results have the same bits; only the time changes.
package enum ActivationMemory: Sendable, Equatable {
  /// The smaller of 1 GiB and half of the host's free memory, divided equally among the ranks of the host.
  case automatic
  /// A limit in bytes per rank; the activations of one shard per thread are stored even above the limit.
  case bytes(Int)

  private static let units: [(suffix: String, byteCount: Double)] = [
    ("KIB", 0x1p10), ("MIB", 0x1p20), ("GIB", 0x1p30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("K", 0x1p10),
    ("M", 0x1p20), ("G", 0x1p30), ("TIB", 0x1p40), ("TB", 1e12), ("T", 0x1p40), ("B", 1), ("", 1),
  ]

  /// Parses the value of `--activation-memory`: `auto`, or a decimal number, with a unit (`800MB`, `64M`) or without.
  package init?(_ text: String) {
    if text == "auto" {
      self = .automatic
      return
    }
    let upper = text.uppercased()
    for (suffix, byteCount) in Self.units where upper.hasSuffix(suffix) {
      guard let number = Double(decimal: upper.dropLast(suffix.count)), number.isFinite, number >= 0,
        number * byteCount < 0x1p62, number == 0 || number * byteCount >= 1
      else { return nil }
      self = .bytes(Int(number * byteCount))
      return
    }
    return nil
  }

  /// The error for a limit that is meant in a larger unit than bytes, such as `128`; `nil` for any other.
  var problem: RunError? {
    guard case .bytes(let count) = self, count > 0, count < 1_000_000 else { return nil }
    return RunError(
      .usage, "--activation-memory \(text): expected 0, or at least 1MB, found \(counted(count, "byte"))",
      remedy: "give the unit too, such as \(count < 1 << 16 ? count : 800)MB")
  }

  /// The option's value as text, which ``init(_:)`` parses to the same limit.
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
}
