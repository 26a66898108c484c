import Kernels
import OneDNN

/// The features of a CPU that determine which floating-point type is faster.
public struct CPUFeatures: Sendable, Equatable {
  /// The manufacturer of a CPU.
  public enum Vendor: Int32, Sendable {
    /// Intel.
    case intel
    /// AMD.
    case amd
    /// Any other manufacturer.
    case other
  }

  /// The manufacturer of the CPU.
  public var vendor: Vendor
  /// The instruction set used for all computation.
  public var instructionSet: InstructionSet

  /// Creates a description of a CPU.
  public init(vendor: Vendor, instructionSet: InstructionSet) {
    self.vendor = vendor
    self.instructionSet = instructionSet
  }

  /// The CPU of this process, with the instruction set that the process is limited to.
  public static var current: CPUFeatures {
    CPUFeatures(vendor: currentVendor, instructionSet: .effective ?? .baseline)
  }

  /// The manufacturer of the CPU of this process.
  static var currentVendor: Vendor {
    switch kernels_cpu_vendor() {
    case KERNEL_VENDOR_INTEL: .intel
    case KERNEL_VENDOR_AMD: .amd
    default: .other
    }
  }
}
