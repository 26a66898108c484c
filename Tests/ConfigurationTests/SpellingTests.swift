import Spelling
import Testing

/// Numbers and names as users spell them.
struct SpellingTests {
  private static let numbers: [(String, Double)] = [
    ("0.25", 0.25), ("-3", -3), ("+3", 3), ("1e-3", 0.001), ("1E3", 1000), ("-.5", -0.5), ("007", 7),
    ("inf", .infinity), ("-INF", -.infinity), (".inf", .infinity), ("+.inf", .infinity), ("-.Inf", -.infinity),
  ]

  @Test(arguments: numbers)
  func `decimal numbers and infinities are read`(text: String, value: Double) {
    #expect(Double(decimal: text) == value)
    #expect(Double(decimal: text.dropFirst(0)) == value)
  }

  @Test(arguments: ["nan", "NaN", ".nan"])
  func `no number is read as such`(text: String) {
    #expect(Double(decimal: text)?.isNaN == true)
  }

  @Test(arguments: ["", " 1", "1 ", "0x10", "-0X1p3", "nan(0x1)", "1_000", "1,5", "1.2.3", "ten", "x", "."])
  func `hexadecimal numbers and other texts are refused`(text: String) {
    #expect(Double(decimal: text) == nil)
    #expect(Float(decimal: text) == nil)
  }

  @Test func `a float32 is rounded once`() {
    // 1 + 2⁻²⁴ + 6·10⁻¹⁹ is rounded up in float32, but down by way of float64, which has no such digits.
    #expect(Float(decimal: "1.000000059604644776") == 1 + Float.ulpOfOne)
    #expect(Float(Double(decimal: "1.000000059604644776") ?? 0) == 1)
  }

  private static let pairs: [([UInt8], [UInt8], String?)] = [
    (Array("cat".utf8), Array("Cat".utf8), "in case"), (Array("cat".utf8), Array("dog".utf8), nil),
    (Array("snow leopard".utf8), Array("snow_leopard".utf8), "in spaces, hyphens or underscores"),
    (Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), "in Unicode normalization"),
    // "café" and "cafè" in Latin-1, which are not UTF-8.
    ([0x63, 0x61, 0x66, 0xE9], [0x63, 0x61, 0x66, 0xE8], nil),
    ([0x63, 0x61, 0x66, 0xE9], Array("caf\u{FFFD}".utf8), nil),
  ]

  @Test(arguments: pairs)
  func `class names that look alike are told with their difference`(one: [UInt8], other: [UInt8], difference: String?) {
    #expect(Lookalikes.difference(one, other) == difference)
    let sentences = Lookalikes.sentences([one, other, Array("bird".utf8)])
    #expect(sentences.count == (difference == nil ? 0 : 1), "\(sentences)")
    #expect(sentences.allSatisfy { sentence in sentence.hasSuffix("differ only \(difference ?? "")") }, "\(sentences)")
  }

  @Test func `advice on the flag of another program is that of a command with the option it names`() {
    // Commands without --resume replace the files that they write; those without --dataset read that of a run.
    #expect(PeerNames.advice("overwrite")?.option == "resume")
    #expect(PeerNames.advice("csv")?.option == "dataset")
  }
}
