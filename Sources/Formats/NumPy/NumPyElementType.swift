/// The element type of a NumPy array: kind, size and byte order.
public struct NumPyElementType: Sendable, Equatable {
  /// The kind of number.
  public enum Kind: Sendable, Equatable {
    /// A boolean, stored as one byte that is 0 or 1.
    case boolean
    /// Signed integers.
    case signed
    /// Unsigned integers.
    case unsigned
    /// IEEE 754 floating point of 16, 32 or 64 bits.
    case float
    /// bfloat16, the upper 16 bits of float32, which the Python package ml_dtypes stores as type `<V2`.
    case bfloat16
  }

  /// The kind of number.
  public let kind: Kind
  /// The size of an array element in bytes.
  public let byteCount: Int
  /// True if the most significant byte comes first.
  public let isBigEndian: Bool

  /// True if elements are floating-point numbers.
  public var isFloatingPoint: Bool { kind == .float || kind == .bfloat16 }

  /// True if float32 represents every value exactly.
  public var fitsFloat: Bool { isFloatingPoint && byteCount <= 4 }

  /// The largest value of an integer type, used as the label of unlabeled rows in some files; `nil` for other types and
  /// for uint64.
  public var largestInteger: Int64? {
    switch kind {
    case .signed: .max >> (64 - 8 * byteCount)
    case .unsigned: byteCount < 8 ? .max >> (63 - 8 * byteCount) : nil
    case .boolean, .float, .bfloat16: nil
    }
  }

  /// The name in NumPy, for example `float16`.
  public var name: String {
    switch kind {
    case .boolean: "bool"
    case .signed: "int\(8 * byteCount)"
    case .unsigned: "uint\(8 * byteCount)"
    case .float: "float\(8 * byteCount)"
    case .bfloat16: "bfloat16"
    }
  }

  /// Parses a type as `numpy.dtype` does: `<f4`, `>i8`, `=u2`, `f4`, `float32`, `d`; `nil` for any other type.
  init?(_ description: String) {
    var name = description
    var isBigEndian = false
    if let order = name.first, "<>=|".contains(order) {
      name.removeFirst()
      isBigEndian = order == ">"
    }
    guard let (kind, byteCount) = Self.types[name], name != "V2" || description == "<V2" else { return nil }
    (self.kind, self.byteCount, self.isBigEndian) = (kind, byteCount, isBigEndian)
  }

  private static let types: [String: (Kind, Int)] = [
    "b1": (.boolean, 1), "?": (.boolean, 1), "bool": (.boolean, 1),
    "i1": (.signed, 1), "b": (.signed, 1), "int8": (.signed, 1),
    "i2": (.signed, 2), "h": (.signed, 2), "int16": (.signed, 2),
    "i4": (.signed, 4), "i": (.signed, 4), "int32": (.signed, 4),
    "i8": (.signed, 8), "l": (.signed, 8), "q": (.signed, 8), "int64": (.signed, 8),
    "u1": (.unsigned, 1), "B": (.unsigned, 1), "uint8": (.unsigned, 1),
    "u2": (.unsigned, 2), "H": (.unsigned, 2), "uint16": (.unsigned, 2),
    "u4": (.unsigned, 4), "I": (.unsigned, 4), "uint32": (.unsigned, 4),
    "u8": (.unsigned, 8), "L": (.unsigned, 8), "Q": (.unsigned, 8), "uint64": (.unsigned, 8),
    "f2": (.float, 2), "e": (.float, 2), "float16": (.float, 2),
    "f4": (.float, 4), "f": (.float, 4), "float32": (.float, 4),
    "f8": (.float, 8), "d": (.float, 8), "float64": (.float, 8),
    "V2": (.bfloat16, 2), "bfloat16": (.bfloat16, 2),
  ]
}
