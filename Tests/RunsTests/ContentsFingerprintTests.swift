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
}
