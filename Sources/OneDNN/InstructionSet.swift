import COneDNN

/// What this CPU offers oneDNN for convolutions.
public enum InstructionSet {
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
