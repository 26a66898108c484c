import OneDNN

extension Precision {
  /// The faster floating-point type for training an encoder, and the reason.
  public struct Choice: Sendable, Equatable {
    /// The faster floating-point type.
    public var precision: Precision
    /// The reason as text, such as `AMX multiplies tiles of bfloat16 numbers`.
    public var reason: String
  }

  /// The largest number of channels for which bfloat16 is chosen where an Intel CPU without AMX multiplies bfloat16
  /// numbers.
  ///
  /// In measurements, ResNet-20 (64 channels) was faster in bfloat16, ResNet-18 and ResNet-50 (512) were slower. In
  /// between, it is a guess.
  static let widestWithoutTiles = 128

  /// Chooses the faster type by rules, without a measurement.
  ///
  /// - Parameters:
  ///   - widths: The numbers of channels of the encoder's groups of blocks; not empty.
  ///   - cpu: The CPU to compute on.
  /// - Returns: The faster type with the reason.
  public static func faster(forWidths widths: [Int], on cpu: CPUFeatures) -> Choice {
    let widest = widths.max() ?? 0
    if cpu.instructionSet < .avx512BFloat16Maps {
      return Choice(precision: .float32, reason: "\(cpu.instructionSet.name) does not multiply bfloat16 numbers")
    }
    if cpu.instructionSet >= .avx512AMX {
      return Choice(precision: .bfloat16, reason: "AMX multiplies tiles of bfloat16 numbers")
    }
    if cpu.instructionSet == .avx512BFloat16Maps {
      return Choice(
        precision: .bfloat16, reason: "bfloat16 feature maps, multiplied in float32, take half of the memory traffic")
    }
    if cpu.vendor == .intel, widest > widestWithoutTiles {
      return Choice(
        precision: .float32, reason: "without AMX, encoders of \(widest) channels are slower in bfloat16 on this CPU")
    }
    return Choice(
      precision: .bfloat16, reason: "\(cpu.instructionSet.name) is faster for encoders of \(widest) channels")
  }
}
