import Kernels
import OneDNN

extension InstructionSet {
  /// The name that stands for the highest level of the CPU.
  public static let automaticName = "auto"

  /// The names that ``init(named:)`` accepts, from `auto` downwards.
  public static let names = [automaticName] + allCases.reversed().map(\.rawValue)

  /// Limits all computation of this process, in oneDNN and in the loops of `Kernels`, to one level.
  ///
  /// `nil` stands for the highest level that the CPU and the environment's `ONEDNN_MAX_CPU_ISA` allow. Computation under a limit has the
  /// bits of a CPU that offers no more. Call it once, before anything is computed.
  ///
  /// - Returns: The level of all computation from now on.
  /// - Throws: ``InstructionSetError`` if the CPU does not offer the level.
  @discardableResult
  public static func limit(to level: InstructionSet?) throws(InstructionSetError) -> InstructionSet {
    if let level, !level.limitPrimitives() {
      throw .usedBefore
    }
    guard let effective else { throw .unsupportedCPU }
    if let level, effective < level {
      throw .notOffered(level, highest: effective)
    }
    kernels_limit(effective.kernelPath)
    return effective
  }

  /// The level of a name: `nil` for `auto`.
  ///
  /// - Throws: ``InstructionSetError`` if there is no such level.
  public static func level(named name: String) throws(InstructionSetError) -> InstructionSet? {
    if name == automaticName {
      return nil
    }
    guard let level = InstructionSet(rawValue: name) else { throw .unknownName(name) }
    return level
  }

  /// The path of `Kernels` with this level's instructions.
  public var kernelPath: KernelPath {
    switch self {
    case .baseline: KERNEL_PATH_BASELINE
    case .avx2: KERNEL_PATH_AVX2
    case .avx512: KERNEL_PATH_AVX512
    case .avx512BFloat16, .avx512AMX: KERNEL_PATH_AVX512_BFLOAT16
    }
  }
}

/// A limit of instructions that cannot be set.
public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  /// No level has this name.
  case unknownName(String)
  /// The CPU offers less.
  case notOffered(InstructionSet, highest: InstructionSet)
  /// The CPU has no SSE4.1.
  case unsupportedCPU
  /// oneDNN has computed already, and its limit is fixed.
  case usedBefore

  /// The fault and its remedy.
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
