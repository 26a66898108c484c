import Kernels
import OneDNN

extension InstructionSet {
  /// The name that selects the highest instruction set of the CPU.
  public static let automaticName = "auto"

  /// The names that ``level(named:)`` accepts: `auto`, then the instruction sets from the highest to the lowest.
  public static let names = [automaticName] + allCases.reversed().map(\.rawValue)

  /// Limits all computation of this process, in oneDNN and in the C functions of `Kernels`, to one instruction set.
  ///
  /// `nil` means the fastest one that the CPU and the environment variable `ONEDNN_MAX_CPU_ISA` allow
  /// (``fastest(ofFeatures:below:)``). With a limit, results have the same bits as on a CPU that has only the limited
  /// instruction set. Call it once, before any computation.
  ///
  /// - Returns: The instruction set of all further computation.
  /// - Throws: ``InstructionSetError`` if the CPU does not have the instruction set.
  @discardableResult
  public static func limit(to level: InstructionSet?) throws(InstructionSetError) -> InstructionSet {
    if let level, !level.limitPrimitives() {
      throw .usedBefore
    }
    guard let effective = fastest(ofFeatures: effectiveFeatures, below: level) else { throw .unsupportedCPU }
    if effective == .avx512BFloat16Maps {
      multiplyMapsInFloat32()
    }
    if let level, effective < level {
      throw .notOffered(level, highest: effective)
    }
    kernels_limit(effective.kernelPath)
    return effective
  }

  /// Returns the fastest instruction set of a CPU like this one that has some feature bits of oneDNN; `nil` if oneDNN
  /// does not support it.
  ///
  /// Without a limit this is the highest one, except on Intel CPUs without AMX: they multiply bfloat16 numbers at two
  /// thirds of the rate of float32 numbers, so that ``avx512BFloat16Maps`` is faster.
  package static func fastest(ofFeatures features: UInt32, below limit: InstructionSet?) -> InstructionSet? {
    guard let highest = InstructionSet(features: features) else { return nil }
    guard highest == .avx512BFloat16 else { return highest }
    return limit == .avx512BFloat16Maps || (limit == nil && CPUFeatures.currentVendor == .intel)
      ? .avx512BFloat16Maps : highest
  }

  /// Returns the instruction set with a name; `nil` for `auto`.
  ///
  /// - Throws: ``InstructionSetError`` if no instruction set has this name.
  public static func level(named name: String) throws(InstructionSetError) -> InstructionSet? {
    if name == automaticName {
      return nil
    }
    guard let level = InstructionSet(rawValue: name) else { throw .unknownName(name) }
    return level
  }

  /// The C loops in `Kernels` that are compiled for this instruction set (kernel path).
  public var kernelPath: KernelPath {
    switch self {
    case .baseline: KERNEL_PATH_BASELINE
    case .avx2: KERNEL_PATH_AVX2
    case .avx512: KERNEL_PATH_AVX512
    case .avx512BFloat16Maps: KERNEL_PATH_AVX512_BFLOAT16_MAPS
    case .avx512BFloat16, .avx512AMX: KERNEL_PATH_AVX512_BFLOAT16
    }
  }
}

/// The reason why computation cannot be limited to an instruction set.
public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  /// No instruction set has this name.
  case unknownName(String)
  /// The CPU has only a lower instruction set.
  case notOffered(InstructionSet, highest: InstructionSet)
  /// The CPU has no SSE4.1.
  case unsupportedCPU
  /// oneDNN has already been used, so that its limit can no longer be changed.
  case usedBefore

  /// The error message with its remedy.
  public var description: String {
    switch self {
    case .unknownName(let name):
      "\(name): no instruction set; choose one of \(InstructionSet.names.joined(separator: ", "))"
    case .notOffered(let level, let highest):
      "\(level.rawValue): this CPU offers \(highest.name) at most; choose \(highest.rawValue) or less"
    case .unsupportedCPU: "this CPU has no SSE4.1, the least that supcon computes with; use a newer CPU"
    case .usedBefore: "the instruction set cannot be limited after the first computation"
    }
  }
}
