import Formats
import Testing

/// The examples of FIPS 180-4.
struct SHA256Tests {
  private func digest(_ parts: [String]) -> String {
    let sha = SHA256()
    for part in parts {
      let bytes = Array(part.utf8)
      unsafe sha.update(bytes.span.bytes)
    }
    return SHA256.hexadecimal(sha.finalize())
  }

  @Test func `the digest of nothing is the published one`() {
    let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(digest([]) == expected)
    #expect(digest([""]) == expected)
  }

  @Test func `the digest of abc is the published one, whole and in pieces`() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(digest(["abc"]) == expected)
    #expect(digest(["a", "", "bc"]) == expected)
    #expect(SHA256.hexadecimalDigest(of: Array("abc".utf8)) == expected)
  }

  @Test func `the digest of two blocks is the published one`() {
    let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    #expect(digest([text]) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  @Test func `hexadecimal digits keep their leading zeros`() {
    #expect(SHA256.hexadecimal([0, 1, 0x0F, 0x10, 0xFF]) == "00010f10ff")
  }
}
