import COneDNN
import Synchronization

/// A set of vector instructions; each case includes the instructions of those before it.
///
/// The bits of results of oneDNN and of the C functions in `Kernels` depend on the instruction set.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// SSE4.1 on x86-64, and any other architecture.
  case baseline
  /// AVX2 with FMA.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// AVX-512 with multiplication of bfloat16 numbers in oneDNN, while the C functions in `Kernels` convert bfloat16
  /// feature maps and multiply in float32, which is faster on some CPUs.
  case avx512BFloat16Maps = "avx512-bf16-maps"
  /// AVX-512 with multiplication of bfloat16 numbers.
  case avx512BFloat16 = "avx512-bf16"
  /// AVX-512 with multiplication of bfloat16 matrix tiles (AMX).
  case avx512AMX = "avx512-amx"

  /// True if ``avx512BFloat16Maps`` is used where oneDNN's instruction set is that of ``avx512BFloat16``.
  private static let multipliesMapsInFloat32 = Atomic(false)

  /// The instruction set of this process: that of the CPU, or a lower one if it was limited.
  ///
  /// The first use fixes the limit. `nil` on x86-64 CPUs without SSE4.1, which oneDNN does not support.
  public static var effective: InstructionSet? {
    let level = InstructionSet(features: effectiveFeatures)
    return level == .avx512BFloat16 && multipliesMapsInFloat32.load(ordering: .relaxed) ? .avx512BFloat16Maps : level
  }

  /// Takes ``avx512BFloat16Maps`` in place of ``avx512BFloat16``, which is the same in oneDNN.
  package static func multiplyMapsInFloat32() {
    multipliesMapsInFloat32.store(true, ordering: .relaxed)
  }

  /// oneDNN's feature bits (`dnnl_cpu_isa_t`) of ``effective``; the first use fixes the limit.
  package static var effectiveFeatures: UInt32 { dnnl_get_effective_cpu_isa().rawValue }

  /// Returns the feature bits that ``effectiveFeatures`` would have under a limit, without fixing the limit.
  ///
  /// A child process asks oneDNN, so this must be called before MPI is initialized.
  ///
  /// - Parameter limit: The limit; `nil` for that of the environment variable `ONEDNN_MAX_CPU_ISA` alone.
  /// - Returns: The feature bits, 0 on x86-64 CPUs without SSE4.1; `nil` if the system allows no further process.
  package static func offeredFeatures(below limit: InstructionSet?) -> UInt32? {
    var features: UInt32 = 0
    return unsafe conednn_offered_isa(limit?.libraryLevel ?? dnnl_cpu_isa_t(0), &features) ? features : nil
  }

  /// True if the CPU multiplies bfloat16 numbers in hardware.
  public static var hasBfloat16: Bool { (effective ?? .baseline) >= .avx512BFloat16Maps }

  /// True if the CPU multiplies bfloat16 matrix tiles in hardware (AMX).
  public static var hasTiles: Bool { (effective ?? .baseline) >= .avx512AMX }

  /// The name of the instruction set in messages.
  public var name: String {
    switch self {
    case .baseline: "baseline"
    case .avx2: "AVX2"
    case .avx512: "AVX-512"
    case .avx512BFloat16Maps: "AVX-512 with bfloat16 feature maps"
    case .avx512BFloat16: "AVX-512 with bfloat16"
    case .avx512AMX: "AVX-512 with AMX"
    }
  }

  /// Limits oneDNN's primitives to this instruction set; overrides the environment variable `ONEDNN_MAX_CPU_ISA`.
  ///
  /// - Returns: False if oneDNN has already been used, so that the limit has no effect.
  public func limitPrimitives() -> Bool {
    dnnl_set_max_cpu_isa(libraryLevel) == dnnl_success
  }

  /// The same level as a value of oneDNN.
  private var libraryLevel: dnnl_cpu_isa_t {
    switch self {
    case .baseline: dnnl_cpu_isa_sse41
    case .avx2: dnnl_cpu_isa_avx2
    case .avx512: dnnl_cpu_isa_avx512_core
    case .avx512BFloat16Maps, .avx512BFloat16: dnnl_cpu_isa_avx512_core_bf16
    case .avx512AMX: dnnl_cpu_isa_avx512_core_amx
    }
  }

  /// Returns the highest instruction set whose bits are all set in a value of oneDNN's `dnnl_cpu_isa_t`; `nil` if there
  /// is none.
  ///
  /// Such values are sets of feature bits, and some CPUs have further bits, such as FP16.
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

  /// Returns true if `second` contains all instructions of `first` and more.
  public static func < (first: InstructionSet, second: InstructionSet) -> Bool {
    first.place < second.place
  }

  /// The place among all instruction sets, from the lowest.
  private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
