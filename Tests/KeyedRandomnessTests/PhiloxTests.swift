import KeyedRandomness
import Testing

/// The known answers of Random123's `kat_vectors` for philox4x32 with 10 rounds.
struct PhiloxTests {
  @Test func `a zero key and counter give the published block`() {
    let words = Philox.block(key: SIMD2(0, 0), counter: SIMD4(0, 0, 0, 0))
    #expect(words == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
  }

  @Test func `all bits set give the published block`() {
    let all = UInt32.max
    let words = Philox.block(key: SIMD2(all, all), counter: SIMD4(all, all, all, all))
    #expect(words == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
  }

  @Test func `the digits of pi give the published block`() {
    let words = Philox.block(
      key: SIMD2(0xA409_3822, 0x299F_31D0),
      counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344))
    #expect(words == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }
}
