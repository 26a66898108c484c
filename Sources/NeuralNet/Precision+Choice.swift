import Kernels
import OneDNN

/// The features of a CPU that decide which precision is faster.
public struct CPUFeatures: Sendable, Equatable {
  /// The maker of a CPU.
  public enum Vendor: Int32, Sendable {
    /// Intel.
    case intel
    /// AMD.
    case amd
    /// Any other.
    case other
  }

  /// The maker.
  public var vendor: Vendor
  /// The level of all computation.
  public var instructionSet: InstructionSet

  /// Describes a CPU.
  public init(vendor: Vendor, instructionSet: InstructionSet) {
    self.vendor = vendor
    self.instructionSet = instructionSet
  }

  /// The CPU of this process, under the limit of its instruction set.
  public static var current: CPUFeatures {
    let vendor: Vendor =
      switch kernels_cpu_vendor() {
      case KERNEL_VENDOR_INTEL: .intel
      case KERNEL_VENDOR_AMD: .amd
      default: .other
      }
    return CPUFeatures(vendor: vendor, instructionSet: .effective ?? .baseline)
  }
}

extension Precision {
  /// The faster precision for training an encoder, and the reason.
  public struct Choice: Sendable, Equatable {
    /// The faster precision.
    public var precision: Precision
    /// The reason, as a clause.
    public var reason: String
  }

  /// The widest group of blocks for which bfloat16 is chosen on Intel's CPUs without AMX.
  ///
  /// Measured: ResNet-20 (64) was faster in bfloat16, ResNet-18 and -50 (512) were slower. Between them this is a guess.
  static let widestWithoutTiles = 128

  /// Chooses the faster precision by rule, without a measurement.
  ///
  /// - Parameters:
  ///   - widths: The widths of the encoder's groups of blocks, not empty.
  ///   - cpu: The CPU.
  /// - Returns: The faster precision with the reason.
  public static func faster(forWidths widths: [Int], on cpu: CPUFeatures) -> Choice {
    let widest = widths.max() ?? 0
    if cpu.instructionSet < .avx512BFloat16 {
      return Choice(precision: .float32, reason: "\(cpu.instructionSet.name) does not multiply bfloat16 numbers")
    }
    if cpu.instructionSet >= .avx512AMX {
      return Choice(precision: .bfloat16, reason: "AMX multiplies tiles of bfloat16 numbers")
    }
    if cpu.vendor == .intel, widest > widestWithoutTiles {
      return Choice(
        precision: .float32, reason: "without AMX, encoders of \(widest) channels are slower in bfloat16 on this CPU")
    }
    return Choice(precision: .bfloat16, reason: "\(cpu.instructionSet.name) is faster for \(widest) channels")
  }
}
