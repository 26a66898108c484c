/// Conversion between float32 and bfloat16 (its upper 16 bits), in which embeddings can be sent.
enum BFloat16 {
  /// The bits of a NaN in bfloat16.
  private static let notANumber: UInt16 = 0x7FC0

  /// Rounds to the nearest bfloat16, ties to even.
  @inline(__always)
  static func bits(of value: Float) -> UInt16 {
    let bits = value.bitPattern
    // Rounding could carry the bits of a NaN on to infinity.
    return value.isNaN ? notANumber : UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  /// Returns the value of 16 bits of bfloat16 as float32, which represents it exactly.
  @inline(__always)
  static func value(of bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}

extension SharedElements<UInt16> {
  /// Rounds `elements` to bfloat16 and stores them in this array, beginning at index `first`.
  func round<Scalar: BinaryFloatingPoint>(_ elements: Span<Scalar>, to first: Int) {
    precondition(first >= 0 && first + elements.count <= count, "\(elements.count) elements at \(first) of \(count)")
    for index in elements.indices {
      unsafe address[first + index] = BFloat16.bits(of: Float(elements[index]))
    }
  }

  /// Converts all elements from bfloat16 to the type of `target`, which represents them exactly and may be longer.
  func widen<Scalar: BinaryFloatingPoint>(into target: SharedElements<Scalar>) {
    precondition(target.count >= count, "\(count) elements for \(target.count)")
    for index in 0..<count {
      unsafe target.address[index] = Scalar(BFloat16.value(of: address[index]))
    }
  }
}
