import COneDNN

/// The floating-point type in which activations are stored and convolutions multiply.
public enum Precision: String, Sendable, CaseIterable {
  /// 32 bits with 24 significant bits.
  case float32
  /// 16 bits with 8 significant bits; sums are float32.
  case bfloat16

  /// The size of one element, in bytes.
  public var byteCount: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    }
  }

  var dataType: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    }
  }
}
