import COneDNN

/// A level of vector instructions, each including the ones before.
///
/// oneDNN and the loops of `Kernels` compute with different bits on different levels.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// SSE4.1 on x86-64, and other architectures.
  case baseline
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// The same with products of bfloat16 numbers.
  case avx512BFloat16 = "avx512-bf16"
  /// The same with tiles of bfloat16 numbers (AMX).
  case avx512AMX = "avx512-amx"

  /// The level of oneDNN's primitives: that of the CPU, or less under a limit.
  ///
  /// The first use fixes the limit. `nil` on x86-64 CPUs without SSE4.1, which oneDNN has no code for.
  public static var effective: InstructionSet? { InstructionSet(features: dnnl_get_effective_cpu_isa().rawValue) }

  /// True if bfloat16 numbers are multiplied in hardware.
  public static var hasBfloat16: Bool { (effective ?? .baseline) >= .avx512BFloat16 }

  /// True if tiles of bfloat16 numbers are multiplied in hardware (AMX).
  public static var hasTiles: Bool { (effective ?? .baseline) >= .avx512AMX }

  /// The name of the level, for people.
  public var name: String {
    switch self {
    case .baseline: "baseline"
    case .avx2: "AVX2"
    case .avx512: "AVX-512"
    case .avx512BFloat16: "AVX-512 with bfloat16"
    case .avx512AMX: "AVX-512 with AMX"
    }
  }

  /// Limits oneDNN's primitives to this level; overrides the environment's `ONEDNN_MAX_CPU_ISA`.
  ///
  /// - Returns: False if oneDNN has been used before, and so is limited no more.
  public func limitPrimitives() -> Bool {
    let isa =
      switch self {
      case .baseline: dnnl_cpu_isa_sse41
      case .avx2: dnnl_cpu_isa_avx2
      case .avx512: dnnl_cpu_isa_avx512_core
      case .avx512BFloat16: dnnl_cpu_isa_avx512_core_bf16
      case .avx512AMX: dnnl_cpu_isa_avx512_core_amx
      }
    return dnnl_set_max_cpu_isa(isa) == dnnl_success
  }

  /// The highest level whose bits are all set in a value of oneDNN's `dnnl_cpu_isa_t`, or `nil` if there is none.
  ///
  /// The values are sets of features, and some CPUs have others as well, such as FP16.
  package init?(features: UInt32) {
    func has(_ level: dnnl_cpu_isa_t) -> Bool { features & level.rawValue == level.rawValue }
    if has(dnnl_cpu_isa_avx512_core_amx) {
      self = .avx512AMX
    } else if has(dnnl_cpu_isa_avx512_core_bf16) {
      self = .avx512BFloat16
    } else if has(dnnl_cpu_isa_avx512_core) {
      self = .avx512
    } else if has(dnnl_cpu_isa_avx2) {
      self = .avx2
    } else {
      #if arch(x86_64)
        guard has(dnnl_cpu_isa_sse41) else { return nil }
      #endif
      self = .baseline
    }
  }

  /// The order of inclusion.
  public static func < (first: InstructionSet, second: InstructionSet) -> Bool {
    first.rank < second.rank
  }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
