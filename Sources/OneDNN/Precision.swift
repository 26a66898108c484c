import COneDNN

/// The type of the numbers that activations are kept in and convolutions multiply.
public enum Precision: String, Sendable, CaseIterable {
  /// 32 bits, 24 of them significant.
  case float32
  /// 16 bits, 8 of them significant; sums in float32.
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
