import Kernels

/// Numbers of feature maps as the kernels read them: float32, or bfloat16 (the upper half of a float32).
struct FeatureMapBytes {
  var bytes: [UInt8]
  private let element: KernelElement

  /// Encodes numbers, which for bfloat16 must be exact in it.
  init(_ values: [Float], _ element: KernelElement) {
    self.element = element
    bytes = values.flatMap { value -> [UInt8] in
      let word = value.bitPattern
      let all = [UInt8(word & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word >> 16 & 0xFF), UInt8(word >> 24)]
      guard element == KERNEL_BFLOAT16 else { return all }
      precondition(value.isNaN || word & 0xFFFF == 0, "\(value) is not a bfloat16 number")
      return Array(all[2...])
    }
  }

  /// The numbers as float32.
  var values: [Float] {
    let size = element == KERNEL_BFLOAT16 ? 2 : 4
    return stride(from: 0, to: bytes.count, by: size).map { start in
      let word = bytes[start..<start + size].reversed().reduce(UInt32(0)) { word, byte in word << 8 | UInt32(byte) }
      return Float(bitPattern: element == KERNEL_BFLOAT16 ? word << 16 : word)
    }
  }
}

/// ‖actual − expected‖ / ‖expected‖; infinite if a number is not finite.
func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var (differences, squares) = (0.0, 0.0)
  for (value, reference) in zip(actual, expected) {
    differences += (Double(value) - reference) * (Double(value) - reference)
    squares += reference * reference
  }
  let error = (differences / max(squares, .leastNormalMagnitude)).squareRoot()
  return error.isFinite ? error : .infinity
}
