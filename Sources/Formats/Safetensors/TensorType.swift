/// An element type of safetensors files, identified by its name in the header.
///
/// A file may contain tensors of types that are not listed here; their bytes are preserved, but their values cannot be
/// read.
public struct TensorType: RawRepresentable, Sendable, Hashable {
  /// The name in the header, for example `F32`.
  public let rawValue: String

  /// Creates a type with any name.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// 64-bit floating point.
  public static let float64 = TensorType(rawValue: "F64")
  /// 32-bit floating point.
  public static let float32 = TensorType(rawValue: "F32")
  /// 16-bit floating point (IEEE 754).
  public static let float16 = TensorType(rawValue: "F16")
  /// The upper 16 bits of float32.
  public static let bfloat16 = TensorType(rawValue: "BF16")
  /// 8-bit floating point with 4 bits of exponent, without infinity.
  public static let float8E4M3 = TensorType(rawValue: "F8_E4M3")
  /// 8-bit floating point with 5 bits of exponent.
  public static let float8E5M2 = TensorType(rawValue: "F8_E5M2")
  /// 64-bit integers.
  public static let int64 = TensorType(rawValue: "I64")
  /// 32-bit integers.
  public static let int32 = TensorType(rawValue: "I32")
  /// 8-bit unsigned integers.
  public static let uint8 = TensorType(rawValue: "U8")

  /// The number of bits of an element; `nil` for an unknown type.
  var bitCount: Int? {
    switch rawValue {
    case "F64", "I64", "U64", "C64": 64
    case "F32", "I32", "U32": 32
    case "F16", "BF16", "I16", "U16": 16
    case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0": 8
    case "F6_E2M3", "F6_E3M2": 6
    case "F4": 4
    default: nil
    }
  }

  /// The number of bytes of an element.
  ///
  /// - Precondition: The type is known, and its elements have whole bytes.
  public var byteCount: Int {
    guard let bitCount, bitCount.isMultiple(of: 8) else { preconditionFailure("\(rawValue) has no number of bytes") }
    return bitCount / 8
  }

  /// True if ``SafetensorsFile/floats(_:shape:)`` can read tensors of this type.
  public var isFloatingPoint: Bool {
    [.float64, .float32, .float16, .bfloat16, .float8E4M3, .float8E5M2].contains(self)
  }
}
