import COneDNN

/// What this CPU offers oneDNN for convolutions.
public enum InstructionSet {
  /// Its name, in the library's words.
  public static var name: String {
    let isa = dnnl_get_effective_cpu_isa()
    let names = [
      (dnnl_cpu_isa_avx512_core_amx, "AVX512-AMX"), (dnnl_cpu_isa_avx512_core_bf16, "AVX512-BF16"),
      (dnnl_cpu_isa_avx512_core_vnni, "AVX512-VNNI"), (dnnl_cpu_isa_avx512_core, "AVX512"),
      (dnnl_cpu_isa_avx2_vnni, "AVX2-VNNI"), (dnnl_cpu_isa_avx2, "AVX2"), (dnnl_cpu_isa_avx, "AVX"),
      (dnnl_cpu_isa_sse41, "SSE4.1"),
    ]
    return names.first { other, _ in other == isa }?.1 ?? "baseline"
  }

  /// Whether it multiplies bfloat16 numbers in hardware.
  public static var hasBfloat16: Bool {
    let isa = dnnl_get_effective_cpu_isa()
    return isa == dnnl_cpu_isa_avx512_core_bf16 || hasTiles
  }

  /// Whether it multiplies tiles of bfloat16 numbers (AMX).
  public static var hasTiles: Bool {
    dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx512_core_amx
  }
}
