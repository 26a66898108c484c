/// Conversions to and from bfloat16, the upper half of a float32, as 16 bits of a message.
enum BFloat16 {
  /// A NaN.
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
  /// Rounds elements to bfloat16, at the places from `first` on.
  func round<Scalar: BinaryFloatingPoint>(_ elements: Span<Scalar>, to first: Int) {
    precondition(first >= 0 && first + elements.count <= count, "\(elements.count) elements at \(first) of \(count)")
    for index in elements.indices {
      unsafe address[first + index] = BFloat16.bits(of: Float(elements[index]))
    }
  }

  /// Writes the values of all elements, which are exact in the wider type.
  func widen<Scalar: BinaryFloatingPoint>(into target: SharedElements<Scalar>) {
    precondition(target.count == count, "\(count) elements for \(target.count)")
    for index in 0..<count {
      unsafe target.address[index] = Scalar(BFloat16.value(of: address[index]))
    }
  }
}
