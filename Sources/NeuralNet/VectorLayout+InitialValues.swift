import Glibc
import KeyedRandomness

extension VectorLayout {
  /// Returns a vector with the initial values for a seed.
  ///
  /// Each slice has its own random stream, so that its values do not depend on the other slices.
  public func initialValues(seed: UInt64) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for slice in slices {
      var stream = RandomStream(seed: seed, .initialization, sample: Int(nameHash(slice.name)))
      switch slice.initializer {
      case .constant(let value):
        for index in slice.range {
          values[index] = value
        }
      case .kaimingFanOut:
        let fanOut = slice.shape[0] * slice.shape.dropFirst(2).reduce(1, *)
        let standardDeviation = sqrtf(2 / Float(fanOut))
        for index in slice.range {
          values[index] = standardDeviation * nextNormal(&stream)
        }
      case .uniform(let inputs):
        let bound = 1 / sqrtf(Float(inputs))
        for index in slice.range {
          values[index] = stream.nextUniform(in: -bound...bound)
        }
      }
    }
    return values
  }

  /// Draws a number from the standard normal distribution (Box and Muller 1958, cosine branch).
  private func nextNormal(_ stream: inout RandomStream) -> Float {
    // 1 − u is in (0, 1], so that the logarithm is finite.
    let radius = sqrtf(-2 * logf(1 - stream.nextUniform()))
    return radius * cosf(2 * .pi * stream.nextUniform())
  }

  /// Returns the 32-bit FNV-1a hash of a name.
  private func nameHash(_ name: String) -> UInt32 {
    name.utf8.reduce(2_166_136_261) { hash, byte in (hash ^ UInt32(byte)) &* 16_777_619 }
  }
}
