/// The counter-based random number generator Philox4x32-10 (Salmon and others 2011, "Parallel random numbers: as easy
/// as 1, 2, 3").
///
/// A block of four words is a pure function of key and counter: the generator has no state, and the order of draws does
/// not matter.
public enum Philox {
  /// Returns the four random words for a key and a counter.
  public static func block(key: SIMD2<UInt32>, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var key = key
    var words = counter
    for _ in 0..<10 {
      let first = UInt64(words.x) &* 0xD251_1F53
      let second = UInt64(words.z) &* 0xCD9E_8D57
      words = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ words.y ^ key.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ words.w ^ key.y, UInt32(truncatingIfNeeded: first))
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return words
  }
}
