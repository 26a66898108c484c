import Runs
import Testing

/// The recorded fingerprint of a dataset's files.
struct ContentsFingerprintTests {
  @Test(arguments: ["aaaa-1111-cccc-1700000000000000000", "aaaa-1111-cccc--5"])
  func `a fingerprint is read as it was written`(text: String) throws {
    let fingerprint = try #require(ContentsFingerprint(text: text))
    #expect(fingerprint.text == text && fingerprint.identityText == "aaaa-cccc")
  }

  @Test(arguments: ["", "aaaa", "aaaa-1111-cccc", "aaaa-1111-cccc-new", "aaaa-1111-cccc-1-2"])
  func `another text is none`(text: String) {
    #expect(ContentsFingerprint(text: text) == nil)
  }

  @Test func `times are told apart, also those whose nanoseconds take more than 64 bits`() {
    #expect(ContentsFingerprint.time(seconds: 1_700_000_000, nanoseconds: 5) == 1_700_000_000_000_000_005)
    #expect(ContentsFingerprint.time(seconds: -1, nanoseconds: 999_999_999) == -1)
    let secondsOfYear3000 = 32_503_680_000
    let late = [0, 1].map { second in ContentsFingerprint.time(seconds: secondsOfYear3000 + second, nanoseconds: 0) }
    #expect(late[0] != late[1])
  }
}
