import ImageCodecs
import Imaging
import TestSupport
import Testing

/// A sample of scripts/fuzz-files.sh: damaged files are decoded or refused, and end nothing.
struct CodecsFuzzTests {
  @Test(arguments: [".jpg", ".png", ".bmp", ".gif", ".webp", ".tif"])
  func `damaged files are decoded or refused`(ending: String) throws {
    let files = try CodecsFixtures.names(ending).map { name in try CodecsFixtures.bytes(name) }
    var decoded = 0
    for number in 0..<3000 {
      var mutations = Mutations(seed: UInt64(number))
      let bytes = mutations.damaged(files[number % files.count], other: files[(number + 1) % files.count])
      if let image = try? RGBImage(decoding: bytes) {
        #expect(image.size.pixelCount <= ImageHeader.pixelLimit)
        decoded += 1
      }
    }
    // JPEG and PNG detect most damage; bitmaps have nothing to detect it by.
    if [".jpg", ".png"].contains(ending) {
      #expect(decoded > 30 && decoded < 1500)
    }
  }
}
